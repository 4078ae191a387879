"""All scores of one system in one direction, computed in one pass over the segments."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from ontarget.errors import UserError, nearest
from ontarget.languages import Language
from ontarget.scoring.language_id.identifier import Identifier, default_identifier
from ontarget.scoring.language_id.labels import labels_of
from ontarget.scoring.language_id.rules import Rules, Unit
from ontarget.scoring.metrics.evidence import Evidence
from ontarget.scoring.off_target import SegmentResult
from ontarget.scoring.outcome import OUTCOMES, Outcome
from ontarget.scoring.ratios import Ratios
from ontarget.scoring.reading.hypotheses import Hypotheses, HypothesisLine
from ontarget.scoring.score import Score

if TYPE_CHECKING:  # NumPy and sacreBLEU take longer to load than OTR to compute
    from ontarget.scoring.floor import Known
    from ontarget.scoring.leftover_scores import LeftoverScores
    from ontarget.scoring.lexicon import WordCounts
    from ontarget.scoring.metrics.against_references import AgainstReferences
    from ontarget.scoring.pass_rates import LanguageConfusion, PassRates

REFERENCED = ("bleu", "chrf", "chrf++", "ter", "spbleu")
"""Metrics against references: the names of `metrics.METRICS`, copied here so that sacreBLEU is not loaded."""
CONFUSION = ("lpr", "wpr", "lcpr")
"""Metrics of the Language Confusion Benchmark, which need no references."""
OTR = "otr"
"""The off-target ratio, which is always computed."""
LEFTOVER = "leftover"
"""The share of words in another language; with `--lines`, `leftover_words` lists the words of each line."""
Seen = Callable[
    [Hypotheses, int, Sequence[HypothesisLine], Sequence[SegmentResult], Mapping[str, Sequence[float | str]]],
    None,
]
"""Called with each chunk of lines: their hypotheses, the number of earlier lines, the lines, the result for
each line, and the scores of the lines by metric."""
_CHUNK = 10_000  # lines at a time, for inputs of any length


@dataclass(frozen=True, slots=True)
class Scorecard:
    """The scores of one system's hypotheses.

    Attributes:
        hypotheses: the hypotheses; their `lines` have been consumed.
        scores: scores by name: metrics and their on-target forms, then `otr` and related ratios.
        breakdown: number of hypotheses by outcome.
        other: number of hypotheses with the outcome `other` by their identified languages.
        off: whether each segment is off-target; empty without references, unless segments are kept.
        evidence: the evidence of scores that can be compared segment by segment, by name.
        lines: the segments, if they are kept.
        missing: why metrics are undefined for these hypotheses, by their names.
        misses_sentences: whether whole lines were identified although most are long.
    """

    hypotheses: Hypotheses
    scores: dict[str, Score]
    breakdown: Mapping[Outcome, int]
    other: Mapping[str, int] = field(default_factory=dict)
    off: Sequence[bool] = ()
    evidence: dict[str, Evidence] = field(default_factory=dict)
    lines: Sequence[HypothesisLine] = ()
    missing: dict[str, str] = field(default_factory=dict)
    misses_sentences: bool = False


@dataclass(frozen=True)
class Scorer:
    """The metrics to compute, with their settings.

    Attributes:
        identifiers: the first decides which lines are off-target; with others, their agreement is scored,
            too.
        metrics: names in `REFERENCED` (for hypotheses with references) or `CONFUSION`, `LEFTOVER`, `OTR`.
        referenced: the metric or option that requires references; hypotheses without them are an error.
        tokenize: sacreBLEU's name of the tokenizer for BLEU. Default: that of the target language.
        lowercase: makes BLEU and spBLEU ignore case.
        strict: adds the strict off-target ratio, which then also decides which lines are on target.
        intervals: adds 95 % intervals to the metrics; ratios always have them.
        segments: keeps the segments and their evidence, for a paired test or a neural metric.
        seen: a function that is called with the results of each chunk of lines.
        lcb: computes the metrics in `CONFUSION` like the script of the Language Confusion Benchmark.
        english: the list of English words for these metrics.
        rules: how lines are identified.
        unit: the unit of identification: whole lines, or their sentences.
        monolingual: word counts of text in the target language and others, which refine `LEFTOVER`.
    """

    identifiers: Sequence[Identifier]
    metrics: Sequence[str] = ("bleu", "chrf")
    referenced: str | None = None
    tokenize: str | None = None
    lowercase: bool = False
    strict: bool = False
    intervals: bool = False
    segments: bool = False
    seen: Seen | None = None
    lcb: bool = False
    english: Collection[str] | None = None
    rules: Rules = "robust"
    unit: Unit = "line"
    monolingual: Mapping[Language, "WordCounts"] = field(default_factory=dict)
    _floors: "Known" = field(default_factory=dict)

    def __post_init__(self) -> None:
        known = (*REFERENCED, *CONFUSION, LEFTOVER, OTR)
        for name in self.metrics:
            if name not in known:
                hint = nearest(name, known) or f"; choose from {', '.join(known)}"
                raise UserError(f"there is no metric '{name}'{hint}")

    def card(self, hypotheses: Hypotheses) -> Scorecard:
        """Reads and scores hypotheses, in bounded memory unless segments or intervals are needed.

        Raises:
            UserError: there are no hypotheses, or a metric or the identifier does not know the language.
        """
        count = Ratios(
            hypotheses.direction,
            self.identifiers,
            strict=self.strict,
            rules=self.rules,
            unit=self.unit,
            segments=self.segments,
        )
        kept: list[HypothesisLine] = []
        off: list[bool] = []
        other: Counter[str] = Counter()
        pass_rates = self._pass_rates(hypotheses.target)
        leftover = self._leftover(hypotheses)
        references: AgainstReferences | None = None
        for chunk in _chunks(hypotheses.lines):
            texts = [line.text for line in chunk]
            found = count.add(texts, _whole([x.source for x in chunk]), _whole([x.finish for x in chunk]))
            off_here = count.off(found)
            other.update(segment.guess.label for segment in found if segment.outcome == "other")
            by_line: dict[str, Sequence[float | str]] = {}
            if chunk[0].references:
                references = references or self._references(hypotheses.target)
                by_line.update(references.add(chunk, off_here))
            elif self.referenced:
                raise UserError(
                    f"'{hypotheses.path}' has no references, which {self.referenced} needs: "
                    "give human translations, --reference REF"
                )
            if leftover is not None:
                by_line.update(leftover.add(chunk))
            if self.seen is not None:
                self.seen(hypotheses, count.n - len(chunk), chunk, found, by_line)
            off += off_here if self.segments or references else []
            if pass_rates is not None:
                pass_rates.add(line.whole for line in chunk)
            if self.segments:
                kept += chunk
        ratios = count.scores()
        card = Scorecard(
            hypotheses,
            {},
            _breakdown(count, hypotheses),
            other,
            off,
            lines=kept,
            misses_sentences=count.misses_sentences,
        )
        if references is not None:
            for score, evidence in references.scores(count.deciding):
                card.scores[score.metric] = score
                if evidence is not None:
                    card.evidence[score.metric] = evidence
            ratios |= references.floors()
        card.scores.update(ratios)
        if leftover is not None:
            card.scores.update(leftover.scores())
        if LEFTOVER in self.metrics and LEFTOVER not in card.scores:
            card.missing[LEFTOVER] = (
                "no words" if leftover else f"lid.176.ftz does not know {hypotheses.target}"
            )
        if pass_rates is not None:
            self._add_confusion(card, pass_rates.figures())
        if self.segments:
            self._flags(card, count.kept)
        return card

    def _references(self, target: Language) -> "AgainstReferences":
        from ontarget.scoring.metrics.against_references import AgainstReferences

        names = [name for name in self.metrics if name in REFERENCED]
        return AgainstReferences(
            names,
            target,
            self.identifiers[0],
            self.rules,
            self.unit,
            tokenize=self.tokenize,
            lowercase=self.lowercase,
            intervals=self.intervals,
            segments=self.segments,
            by_line=self.seen is not None,
            known=self._floors,
        )

    def _leftover(self, hypotheses: Hypotheses) -> "LeftoverScores | None":
        if LEFTOVER not in self.metrics:
            return None
        from ontarget.scoring.leftover_scores import LeftoverScores

        if not labels_of(hypotheses.target, default_identifier().labels):
            return None
        return LeftoverScores(hypotheses.target, hypotheses.source, self.monolingual)

    def _pass_rates(self, target: Language) -> "PassRates | None":
        if not set(CONFUSION).intersection(self.metrics):
            return None
        from ontarget.scoring import confusion, lcb
        from ontarget.scoring.pass_rates import PassRates

        rules = lcb.rules(target, self.english) if self.lcb else confusion.rules(self.english)
        return PassRates(target, self.identifiers[0], rules)

    def _add_confusion(self, card: Scorecard, found: "LanguageConfusion") -> None:
        for name in self.metrics:
            if name in found.missing:
                card.missing[name] = found.missing[name]
            elif name in CONFUSION:
                card.scores[name] = getattr(found, name)

    def _flags(self, card: Scorecard, by_others: Mapping[str, Sequence[bool]]) -> None:
        from ontarget.scoring.significance import mean_of_segments, mean_value

        ratio = "otr_strict" if self.strict else "otr"
        for name, flags in {ratio: card.off, **by_others}.items():
            statistics = mean_of_segments([100.0 * off for off in flags])
            card.evidence[name] = Evidence(mean_value, statistics)


def _breakdown(count: Ratios, hypotheses: Hypotheses) -> dict[Outcome, int]:
    """Outcomes in a fixed order; without the source language, the outcome `source` cannot occur."""
    return {
        outcome: count.outcomes[outcome] for outcome in OUTCOMES if hypotheses.source or outcome != "source"
    }


def _whole(values: list[str | None]) -> list[str] | None:
    """The values, or None if any value is missing."""
    present = [value for value in values if value is not None]
    return present if len(present) == len(values) else None


def _chunks(lines: Iterable[HypothesisLine]) -> Iterator[list[HypothesisLine]]:
    iterator = iter(lines)
    while chunk := list(islice(iterator, _CHUNK)):
        yield chunk
