"""Paired significance tests of the difference between two systems, from per-segment statistics.

A corpus metric is a function of sums: BLEU of n-gram counts and lengths, OTR of off-target lines and lines,
COMET of segment scores and segments. A system is therefore a matrix with one row per segment, and resampling
is a product of matrices. The draws are exactly those of sacreBLEU (`sacrebleu.significance`). They depend
only on the seed and the number of segments, so all metrics, including OTR, are tested on the same resamples.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ontarget import given
from ontarget.errors import UserError
from ontarget.scoring.interval import Interval
from ontarget.scoring.metrics.formulas import Floats

Statistics = Floats
"""[segments, k]: the statistics that a metric sums over segments."""
CorpusValue = Callable[[Floats], Floats]
"""A function from sums over segments, [..., k], to values of the metric, [...]."""

SEED = 12345  # sacreBLEU's
TRIALS = 10_000
RESAMPLES = 1_000
_CELLS = 2**22  # in a block of draws: 32 MiB. Blocks are multiples of 32 rows, which use up all random bits


@dataclass(frozen=True, slots=True)
class PairedResult:
    """A system compared with a baseline in one metric.

    Attributes:
        difference: system minus baseline, in points of the metric.
        p_value: two-sided p-value of approximate randomisation: how often swapping the two systems'
            hypotheses at random gives a difference at least as large.
        low: lower end of the difference's interval, by the percentiles of a paired bootstrap.
        high: upper end of this interval.
        p_bootstrap: two-sided p-value of this bootstrap: how often the difference of a resample deviates from
            the observed difference by at least as much as the observed difference deviates from 0.
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
        value: the metric as a function of summed statistics.
        baseline: [segments, k] for each test set (direction, seed); the metric's mean over them is compared.
        system: the same test sets in the same order, line by line.
        trials: number of trials of the approximate randomisation.
        resamples: number of resamples of the paired bootstrap.
        confidence: confidence level of the interval, 0 to 1.
        seed: random seed. Test sets of the same length have the same draws: line n of them is often the same
            sentence in several languages, and such lines are not independent evidence.

    Raises:
        UserError: the two systems have different test sets.
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

    In each trial, the two hypotheses of a segment are swapped with probability 1/2. p = (c + 1) / (trials +
    1), where c is the number of trials whose difference is at least the observed one. (sacreBLEU counts only
    larger differences, so a system compared with itself gets the smallest possible p.)

    Raises:
        UserError: the two systems have different test sets.
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

    The distribution under the null hypothesis is that of the bootstrap, shifted to 0 (Efron & Tibshirani
    1993, chapter 16). sacreBLEU shifts absolute differences instead, like a script of Moses. Near p = 0.05
    its p is half of ours: where there is no difference, it reports about 10 % of comparisons as significant.

    Returns:
        p, low, high.

    Raises:
        UserError: the two systems have different test sets.
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
    """The fields that a bootstrap interval adds to the signature of its score, named as in sacreBLEU."""
    return {"bs": resamples, "seed": SEED}


def bootstrap_interval(
    value: CorpusValue, system: Sequence[Statistics], *, resamples: int = RESAMPLES
) -> Interval:
    """The 95 % interval of one system's score, by the percentiles of a bootstrap over segments.

    For several test sets, it is the interval of their mean score; all have the same draws.
    """
    values = sum(value(_resampled(statistics, resamples, SEED)) for statistics in system) / len(system)
    low, high = np.quantile(values, [0.025, 0.975])
    return Interval(float(low), float(high))


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values adjusted for their number, in the given order (Holm 1979); compare them with 0.05 directly.

    If there are no differences, the probability that any adjusted p-value is below 0.05 is at most 5 %.
    """
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        largest = max(largest, min(1.0, p_values[place] * (len(p_values) - rank)))
        adjusted[place] = largest
    return adjusted


def mean_of_segments(scores: Sequence[float]) -> Statistics:
    """The statistics of a metric that is a mean over segments, [segments, 2]; `mean_value` is its value.

    Raises:
        UserError: the argument is not a list of numbers.
    """
    values = given.numbers(scores, "scores", "score")
    return np.column_stack([np.asarray(values, dtype=np.float64), np.ones(len(values))])


def mean_value(total: Floats) -> Floats:
    """The value of sums of `mean_of_segments`, [..., 2]; OTR is the mean of 100 times off-target flags."""
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
            "a paired test needs the same segments for both"
        )
    if not lengths[0] or not min(lengths[0]):
        raise UserError("there are no segments to compare")


def _sum(lengths: Sequence[int]) -> str:
    return " + ".join(map(str, lengths)) or "no"


def _mean_value(value: CorpusValue, test_sets: Sequence[Statistics]) -> float:
    return sum(float(value(statistics.sum(0))) for statistics in test_sets) / len(test_sets)


def _p_value(differences: Floats, observed: float) -> float:
    """The p-value; the observation counts as a trial, so p is never 0 (Davison & Hinkley 1997, eq. 4.11)."""
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
