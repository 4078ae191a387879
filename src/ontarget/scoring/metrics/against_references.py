"""Scores hypotheses against references chunk by chunk, so that memory does not grow with the text.

sacreBLEU needs about 60 kB for each reference while it counts n-grams. Here it counts a thousand lines at a
time, and only their sums are kept. The statistics of each segment are kept only if an interval or a paired
test needs them.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from ontarget.languages import Language
from ontarget.scoring.floor import Floor, Known
from ontarget.scoring.language_id.identifier import Identifier
from ontarget.scoring.language_id.rules import Rules, Unit
from ontarget.scoring.metrics.evidence import Evidence
from ontarget.scoring.metrics.formulas import Floats
from ontarget.scoring.metrics.on_target import on_target, on_target_statistics
from ontarget.scoring.metrics.sacrebleu import Metric
from ontarget.scoring.reading.hypotheses import HypothesisLine
from ontarget.scoring.score import Score
from ontarget.scoring.significance import Statistics, bootstrap_interval

_LINES = 1000  # lines whose n-grams are in memory at a time


class AgainstReferences:
    """The metrics of one system's hypotheses, and the floor of their references.

    Args:
        metrics: names in `sacrebleu.METRICS`.
        target: the target language.
        identifier: the identifier for the floor.
        rules: the rules for the floor.
        unit: the unit of identification for the floor.
        tokenize: see `sacrebleu.Metric`.
        lowercase: see `sacrebleu.Metric`.
        intervals: adds 95 % intervals to the scores.
        segments: adds the evidence for a paired test to the scores.
        by_line: makes `add` give the score of each line by itself.
        known: see `floor.Floor`.
    """

    def __init__(
        self,
        metrics: Sequence[str],
        target: Language,
        identifier: Identifier,
        rules: Rules = "robust",
        unit: Unit = "line",
        *,
        tokenize: str | None = None,
        lowercase: bool = False,
        intervals: bool = False,
        segments: bool = False,
        by_line: bool = False,
        known: Known | None = None,
    ) -> None:
        self._intervals, self._segments, self._by_line = intervals, segments, by_line
        made = [Metric(name, target, tokenize=tokenize, lowercase=lowercase) for name in metrics]
        self._totals = [_Total(metric, intervals or segments) for metric in made]
        self._floor = Floor(target, identifier, rules, {} if known is None else known, unit)
        self._n = 0

    def add(self, lines: Sequence[HypothesisLine], off: Sequence[bool]) -> dict[str, list[float]]:
        """Counts a chunk of lines.

        Args:
            lines: the lines, all with the same number of references.
            off: whether each line is off-target.

        Returns:
            For each metric the score of each line by itself; empty without `by_line`.
        """
        self._floor.add(_by_reference(lines))
        self._n += len(lines)
        scores: dict[str, list[float]] = {}
        for start in range(0, len(lines), _LINES):
            some = lines[start : start + _LINES]
            references = _by_reference(some)
            for total in self._totals:
                found = total.add([line.text for line in some], references, off[start : start + _LINES])
                if self._by_line:
                    scores.setdefault(total.metric.name, []).extend(
                        total.metric.sentence_values(found).tolist()
                    )
        return scores

    def floors(self) -> dict[str, Score]:
        """The off-target ratio of the references (see `Floor.score`), and that of their sentences."""
        of_sentences = self._floor.sentence_score
        return {"otr_floor": self._floor.score} | (
            {"otr_sentences_floor": of_sentences} if of_sentences else {}
        )

    def scores(self, otr: Score) -> Iterator[tuple[Score, Evidence | None]]:
        """Each metric and its on-target form, with the evidence if segments are kept.

        Args:
            otr: the ratio that decides which segments are off-target.
        """
        for total in self._totals:
            metric = total.metric
            for place, sums in enumerate(total.sums):
                evidence = Evidence(metric.value, total.statistics(place)) if total.keeps else None
                interval = None
                if self._intervals and evidence is not None:
                    interval = bootstrap_interval(evidence.value, [evidence.statistics])
                score = metric.score_of_total(sums, self._n, interval)
                yield on_target(score, otr) if place else score, evidence if self._segments else None


class _Total:
    """The sums of a metric, plain and on target, and the statistics of segments if they are kept."""

    def __init__(self, metric: Metric, keep: bool) -> None:
        self.metric, self.keeps = metric, keep
        self.sums: list[Floats] = [np.zeros(0), np.zeros(0)]
        self._kept: tuple[list[Statistics], list[Statistics]] = ([], [])

    def add(
        self, hypotheses: Sequence[str], references: Sequence[Sequence[str]], off: Sequence[bool]
    ) -> Statistics:
        """Counts a chunk of lines and returns their plain statistics."""
        plain = self.metric.statistics(hypotheses, *references)
        for place, found in enumerate((plain, on_target_statistics(self.metric, plain, off))):
            total = found.sum(0)
            self.sums[place] = self.sums[place] + total if len(self.sums[place]) else total
            if self.keeps:
                self._kept[place].append(found)
        return plain

    def statistics(self, place: int) -> Statistics:
        """The statistics of all segments, [segments, k]; place 0 is plain, 1 on target."""
        return np.concatenate(self._kept[place])


def _by_reference(lines: Sequence[HypothesisLine]) -> list[tuple[str, ...]]:
    """The first references of all lines, then the second ones, and so on."""
    return list(zip(*(line.references for line in lines), strict=True))
