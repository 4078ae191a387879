"""Is the difference between two systems more than chance? Over what a metric adds up, segment by segment.

A corpus metric is a function of sums: BLEU of n-gram counts and lengths, OTR of off-target lines and lines,
COMET of segment scores and segments. So a system is a matrix, one row a segment, and a resample costs a
product of matrices. The draws are sacreBLEU's (`sacrebleu.significance`), number for number, and depend on
the seed and the number of segments alone: every metric, OTR too, is judged on the same resamples.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ontarget import given
from ontarget.errors import UserError
from ontarget.scoring.interval import Interval
from ontarget.scoring.metrics.formulas import Floats

Statistics = Floats
"""[segments, k]: what a metric adds up over segments."""
CorpusValue = Callable[[Floats], Floats]
"""From sums over segments, [..., k], to the values of the metric, [...]."""

SEED = 12345  # sacreBLEU's
TRIALS = 10_000
RESAMPLES = 1_000
_CELLS = 2**22  # of a block of draws: 32 MiB. Draws are taken in blocks of 32 rows, which leave no bit over


@dataclass(frozen=True, slots=True)
class PairedResult:
    """A system against a baseline in one metric.

    Attributes:
        difference: system minus baseline, in points of the metric.
        p_value: two-sided, of approximate randomisation: how often a difference as large comes of swapping
            the two systems' answers at random.
        low: the interval of the difference, by the percentiles of a paired bootstrap.
        high: its upper end.
        p_bootstrap: two-sided, of that bootstrap: how often the difference of a resample strays from the one
            observed by as much as that one is from 0.
    """

    difference: float
    p_value: float
    low: float
    high: float
    p_bootstrap: float


def paired_test(
    value: CorpusValue,
    baseline: Sequence[Statistics],
    system: Sequence[Statistics],
    *,
    trials: int = TRIALS,
    resamples: int = RESAMPLES,
    confidence: float = 0.95,
    seed: int = SEED,
) -> PairedResult:
    """Both tests of a system against a baseline, over one test set or the mean over several.

    Args:
        value: the metric, from summed statistics.
        baseline: [segments, k] for each test set (direction, seed); the metric's mean over them is compared.
        system: the same test sets in the same order, line by line.
        trials: of the approximate randomisation.
        resamples: of the paired bootstrap.
        confidence: of the interval, 0 to 1.
        seed: of the draws. Test sets of the same length are drawn alike: line n of them is often the same
            sentence in other languages, and such lines are no independent evidence.

    Raises:
        UserError: the two systems do not answer the same test sets.
    """
    _check(baseline, system)
    observed = _mean_value(value, system) - _mean_value(value, baseline)
    p_bootstrap, low, high = paired_bootstrap(
        value, baseline, system, resamples=resamples, confidence=confidence, seed=seed
    )
    p_value = approximate_randomisation(value, baseline, system, trials=trials, seed=seed)
    return PairedResult(observed, p_value, low, high, p_bootstrap)


def approximate_randomisation(
    value: CorpusValue,
    baseline: Sequence[Statistics],
    system: Sequence[Statistics],
    *,
    trials: int = TRIALS,
    seed: int = SEED,
) -> float:
    """The two-sided p-value of a permutation test (Noreen 1989; Riezler & Maxwell 2005, section 4.2).

    In a trial each segment's two answers change sides with probability 1/2. p = (c + 1) / (trials + 1), where
    c counts the trials whose difference is at least the one observed. (sacreBLEU counts those that exceed it,
    which for a system against itself gives the smallest p that there is.)

    Raises:
        UserError: the two systems do not answer the same test sets.
    """
    _check(baseline, system)
    differences = np.zeros(trials)
    for one, other in zip(baseline, system, strict=True):
        both = one.sum(0) + other.sum(0)
        changed = np.concatenate([swaps @ (one - other) for swaps in _swaps(len(one), trials, seed)])
        kept = other.sum(0) + changed
        differences += value(both - kept) - value(kept)
    observed = _mean_value(value, system) - _mean_value(value, baseline)
    return _p_value(differences / len(baseline), observed)


def paired_bootstrap(
    value: CorpusValue,
    baseline: Sequence[Statistics],
    system: Sequence[Statistics],
    *,
    resamples: int = RESAMPLES,
    confidence: float = 0.95,
    seed: int = SEED,
) -> tuple[float, float, float]:
    """The two-sided p-value of a paired bootstrap (Koehn 2004) and the interval of the difference.

    The distribution under the null hypothesis is the bootstrap's, shifted to 0 (Efron & Tibshirani 1993,
    chapter 16). sacreBLEU shifts absolute differences instead, as a script of Moses did; near p = 0.05 its p
    is half of ours, and of 100 differences that are none it calls some 10 significant at that level.

    Returns:
        p, low, high.

    Raises:
        UserError: the two systems do not answer the same test sets.
    """
    _check(baseline, system)
    differences = np.zeros(resamples)
    for one, other in zip(baseline, system, strict=True):
        differences += value(_resampled(other, resamples, seed)) - value(_resampled(one, resamples, seed))
    differences /= len(baseline)
    observed = _mean_value(value, system) - _mean_value(value, baseline)
    low, high = np.quantile(differences, [(1.0 - confidence) / 2, (1.0 + confidence) / 2])
    return _p_value(differences - observed, observed), float(low), float(high)


def drawn(resamples: int = RESAMPLES) -> dict[str, int]:
    """What a bootstrap's interval adds to the signature of its score, in sacreBLEU's words."""
    return {"bs": resamples, "seed": SEED}


def bootstrap_interval(
    value: CorpusValue, system: Sequence[Statistics], *, resamples: int = RESAMPLES
) -> Interval:
    """The 95 % interval of one system's score, by the percentiles of a bootstrap over segments.

    Of several test sets it is that of the mean of their scores: all are resampled alike.
    """
    values = sum(value(_resampled(statistics, resamples, SEED)) for statistics in system) / len(system)
    low, high = np.quantile(values, [0.025, 0.975])
    return Interval(float(low), float(high))


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values adjusted for their number, in the order given (Holm 1979): compare them with 0.05 themselves.

    The chance that any of them falls below 0.05 where there is no difference is then at most 5 %.
    """
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        largest = max(largest, min(1.0, p_values[place] * (len(p_values) - rank)))
        adjusted[place] = largest
    return adjusted


def mean_of_segments(scores: Sequence[float]) -> Statistics:
    """The statistics of a metric that is a mean over segments; `mean_value` is its value.

    Raises:
        UserError: what is not a list of numbers.
    """
    values = given.numbers(scores, "scores", "score")
    return np.column_stack([np.asarray(values, dtype=np.float64), np.ones(len(values))])


def mean_value(total: Floats) -> Floats:
    """The value of what `mean_of_segments` adds up, [..., 2]. OTR is that of 100 times off-target flags."""
    return total[..., 0] / total[..., 1]


def _check(baseline: Sequence[Statistics], system: Sequence[Statistics]) -> None:
    for what, of_system in (("baseline", baseline), ("system", system)):
        if not isinstance(of_system, list | tuple) or any(np.ndim(of_set) != 2 for of_set in of_system):
            raise UserError(
                f"the {what} is {given.shown(of_system)}; give a list with the statistics of each test set, "
                "such as [mean_of_segments(scores)]"
            )
    lengths = [[len(of_set) for of_set in of_system] for of_system in (baseline, system)]
    if lengths[0] != lengths[1]:
        raise UserError(
            f"the baseline has {_sum(lengths[0])} segments and the system {_sum(lengths[1])}; "
            "a paired test needs the same segments of both"
        )
    if not lengths[0] or not min(lengths[0]):
        raise UserError("there are no segments to compare")


def _sum(lengths: Sequence[int]) -> str:
    return " + ".join(map(str, lengths)) or "no"


def _mean_value(value: CorpusValue, test_sets: Sequence[Statistics]) -> float:
    return sum(float(value(statistics.sum(0))) for statistics in test_sets) / len(test_sets)


def _p_value(differences: Floats, observed: float) -> float:
    """The observed one counts as a trial, so p is never 0 (Davison & Hinkley 1997, eq. 4.11)."""
    as_large = np.abs(differences) >= abs(observed) - 1e-9  # sums of floats differ in their last digits
    return float((np.count_nonzero(as_large) + 1) / (len(differences) + 1))


def _resampled(statistics: Statistics, resamples: int, seed: int) -> Floats:
    """The sums of resamples: [resamples, k]."""
    segments = len(statistics)
    rng = np.random.default_rng(seed)
    sums = []
    for rows in _blocks(segments, resamples):
        drawn = rng.choice(segments, size=(rows, segments), replace=True)
        cells = drawn + segments * np.arange(rows)[:, None]
        counts = np.bincount(cells.ravel(), minlength=rows * segments).reshape(rows, segments)
        sums.append(counts.astype(np.float64) @ statistics)
    return np.concatenate(sums)


def _swaps(segments: int, trials: int, seed: int) -> Iterator[Floats]:
    rng = np.random.default_rng(seed)
    for rows in _blocks(segments, trials):
        yield rng.integers(2, size=(rows, segments), dtype=bool).astype(np.float64)


def _blocks(segments: int, rows: int) -> Iterator[int]:
    size = max(1, _CELLS // segments // 32) * 32
    for start in range(0, rows, size):
        yield min(size, rows - start)
