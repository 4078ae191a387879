"""Compares systems with a baseline: paired tests of each score, corrected for the number of tests."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import mean, stdev

from ontarget.errors import UserError, counted, nearest
from ontarget.scoring.scorecard import Scorecard
from ontarget.scoring.significance import RESAMPLES, SEED, TRIALS, PairedResult, holm, paired_test

TestSet = tuple[str, str]
"""Run (a seed) and direction."""
Question = tuple[str, str]
"""Group of directions and metric: the unit in which all systems are tested together."""


LEVEL = 0.05
"""A difference is significant if its adjusted p-value is below this level."""
ENOUGH_RUNS = 3


@dataclass(frozen=True, slots=True)
class Comparison:
    """One score of one system, compared with the baseline's.

    Attributes:
        group: the group of directions that the score is the mean over.
        metric: `bleu`, `bleu_on_target`, `otr` and so on.
        system: the system's id.
        value: the mean over the group's directions and over runs.
        deviation: the standard deviation, over runs, of the means over directions; None for one run.
        test: the paired test; None for the baseline itself.
        p_holm: the p-value of `test`, adjusted for all tests of this metric, of all systems in all groups.
        p_bootstrap_holm: the p-value of the bootstrap, adjusted in the same way.
        n: number of segments in all directions and runs.
        signature: the signature of the first direction's score.
        runs: number of runs (seeds) that the score is the mean over.
    """

    group: str
    metric: str
    system: str
    value: float
    deviation: float | None
    test: PairedResult | None
    p_holm: float | None
    p_bootstrap_holm: float | None
    n: int
    signature: str
    runs: int = 1

    @property
    def few_runs(self) -> bool:
        """Whether the score is over several seeds, but too few to estimate the variance across seeds."""
        return 1 < self.runs < ENOUGH_RUNS

    @property
    def significant(self) -> bool:
        """Whether the difference from the baseline is significant; never for two seeds, which are too few."""
        return self.p_holm is not None and self.p_holm < LEVEL and not self.few_runs


def compare(
    cards: Mapping[str, Mapping[TestSet, Scorecard]],
    baseline: str,
    groups: Mapping[str, Sequence[str]],
    *,
    trials: int = TRIALS,
    resamples: int = RESAMPLES,
    seed: int = SEED,
    watch: Callable[[Sequence[Question]], Iterable[Question]] = iter,
) -> list[Comparison]:
    """Tests every score that has evidence, of every system, in every group of directions.

    Args:
        cards: system -> run and direction -> its scores, with evidence (`Scorer.segments`).
        baseline: the system that all others are compared with.
        groups: the groups to average over: name -> directions.
        trials: see `paired_test`.
        resamples: see `paired_test`.
        seed: see `paired_test`.
        watch: an iterator through which the questions pass one by one, to show progress.

    Returns:
        The comparisons by group, then metric, then system; the baseline first.

    Raises:
        UserError: the baseline does not exist, there is no other system, or the systems' segments differ.
    """
    if baseline not in cards:
        hint = nearest(baseline, cards) or f"; there are {', '.join(cards)}"
        raise UserError(f"there is no system '{baseline}' to be the baseline{hint}")
    if len(cards) < 2:
        raise UserError(f"there is nothing to compare '{baseline}' with; give another system")
    ours = cards[baseline]
    ordered = [baseline, *(system for system in cards if system != baseline)]
    for system in ordered[1:]:
        _same_segments(baseline, ours, system, cards[system])
    chosen = {}
    for group, directions in groups.items():
        of_group = [test_set for test_set in ours if test_set[1] in directions]
        chosen[group] = {system: {one: cards[system][one] for one in of_group} for system in ordered}
    questions = [
        (group, metric)
        for group, of_it in chosen.items()
        for metric in _shared(card for of_system in of_it.values() for card in of_system.values())
    ]
    settings = {"trials": trials, "resamples": resamples, "seed": seed}
    rows = []
    for group, metric in watch(questions):
        rows += _compared(group, metric, chosen[group], settings)
    return _adjusted(rows)


def _adjusted(rows: Sequence[Comparison]) -> list[Comparison]:
    """Adds Holm's correction, for each metric over all systems and groups."""
    adjusted: dict[str, Iterator[tuple[float, float]]] = {}
    for metric in {row.metric for row in rows}:
        tests = [row.test for row in rows if row.test and row.metric == metric]
        by_randomisation = holm([test.p_value for test in tests])
        by_bootstrap = holm([test.p_bootstrap for test in tests])
        adjusted[metric] = zip(by_randomisation, by_bootstrap, strict=True)
    found = []
    for row in rows:
        p_holm, p_bootstrap_holm = next(adjusted[row.metric]) if row.test else (None, None)
        found.append(replace(row, p_holm=p_holm, p_bootstrap_holm=p_bootstrap_holm))
    return found


def _compared(
    group: str,
    metric: str,
    cards: Mapping[str, Mapping[TestSet, Scorecard]],
    settings: Mapping[str, int],
) -> list[Comparison]:
    (first, of_first), *others = cards.items()
    evidence = {
        system: [card.evidence[metric] for card in of_system.values()] for system, of_system in cards.items()
    }
    rows = [_row(group, metric, first, of_first)]
    for system, of_system in others:
        test = paired_test(
            evidence[first][0].value,
            [one.statistics for one in evidence[first]],
            [one.statistics for one in evidence[system]],
            trials=settings["trials"],
            resamples=settings["resamples"],
            seed=settings["seed"],
        )
        rows.append(replace(_row(group, metric, system, of_system), test=test))
    return rows


def _row(group: str, metric: str, system: str, cards: Mapping[TestSet, Scorecard]) -> Comparison:
    """The scores of one system, without a test."""
    by_run: dict[str, list[float]] = {}
    for (run, _), card in cards.items():
        by_run.setdefault(run, []).append(card.scores[metric].value)
    means = [mean(values) for values in by_run.values()]
    scores = [card.scores[metric] for card in cards.values()]
    return Comparison(
        group,
        metric,
        system,
        mean(means),
        stdev(means) if len(means) > 1 else None,
        None,
        None,
        None,
        sum(score.n for score in scores),
        scores[0].signature,
        len(by_run),
    )


def _shared(cards: Iterable[Scorecard]) -> list[str]:
    """The scores that all cards have evidence for, in the order of the first."""
    first, *others = [list(card.evidence) for card in cards]
    return [metric for metric in first if all(metric in other for other in others)]


def _same_segments(
    baseline: str, ours: Mapping[TestSet, Scorecard], system: str, theirs: Mapping[TestSet, Scorecard]
) -> None:
    if set(ours) != set(theirs):
        run, direction = min(set(ours) ^ set(theirs))
        has, lacks = (baseline, system) if (run, direction) in ours else (system, baseline)
        where = f" in '{run}'" if run else ""
        raise UserError(
            f"'{has}' has hypotheses for {direction}{where} but '{lacks}' has none; "
            "a paired test needs the same directions of both systems"
        )
    for test_set, card in ours.items():
        other = theirs[test_set]
        if len(card.lines) != len(other.lines):
            raise UserError(
                f"'{card.hypotheses.path}' has {counted(len(card.lines), 'line')} but "
                f"'{other.hypotheses.path}' has {len(other.lines)}; line n of both must translate the same "
                "segment"
            )
        for number, (one, another) in enumerate(zip(card.lines, other.lines, strict=True), start=1):
            if (one.source, one.references) != (another.source, another.references):
                raise UserError(
                    f"'{other.hypotheses.path}', line {number}: source or reference differs from "
                    f"'{card.hypotheses.path}'; line n of both must translate the same segment"
                )
