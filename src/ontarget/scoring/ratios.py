"""The off-target ratios of one system: by one identifier, or by several and by their agreement."""

from collections.abc import Mapping, Sequence

from ontarget.languages import Direction, Language
from ontarget.scoring.agreement import AgreedOffTarget, agreed
from ontarget.scoring.by_sentence import BySentence, counting, is_long
from ontarget.scoring.language_id.close_relatives import close_off_target, close_relatives
from ontarget.scoring.language_id.identifier import Identifier
from ontarget.scoring.language_id.rules import Rules, Unit
from ontarget.scoring.off_target import OffTarget, SegmentResult
from ontarget.scoring.outcome import NOT_OFF, Outcome
from ontarget.scoring.score import Score

_SAMPLED = 100  # lines of a chunk whose length is checked; checking all would cost time


class Ratios:
    """Counts all off-target ratios chunk by chunk.

    Args:
        target: the target language, or the direction.
        identifiers: the first one decides the outcome of each line, and which lines are on target.
        strict: adds the strict ratio, which then decides which lines are on target.
        rules: how lines are identified.
        unit: the unit of identification.
        segments: keeps the results of each hypothesis, for a paired test.

    Attributes:
        kept: whether each hypothesis is off-target by each further identifier (`otr_by_...`) and by all
            (`otr_agreed`), by the names of these scores; empty without `segments`.

    Raises:
        UserError: an identifier does not know the language, or is given twice.
    """

    def __init__(
        self,
        target: Direction | Language,
        identifiers: Sequence[Identifier],
        *,
        strict: bool = False,
        rules: Rules = "robust",
        unit: Unit = "line",
        segments: bool = False,
    ) -> None:
        self._strict, self._rules, self._unit = strict, rules, unit
        self._counts = [counting(unit)(target, one, strict=strict, rules=rules) for one in identifiers]
        self._long = self._sampled = 0
        self._agreement = AgreedOffTarget(self._counts) if len(identifiers) > 1 else None
        self._segments = segments
        self.kept: dict[str, list[bool]] = {}

    def add(
        self, hypotheses: Sequence[str], sources: Sequence[str] | None, finish: Sequence[str] | None
    ) -> list[SegmentResult]:
        """Counts a chunk and returns the first identifier's results; arguments as in `OffTarget.add`."""
        found = [count.add(hypotheses, sources, finish) for count in self._counts]
        some = hypotheses[:_SAMPLED]
        self._sampled += len(some)
        self._long += sum(map(is_long, some))
        if self._agreement is not None:
            self._agreement.add(found)
            if self._segments:
                self._keep(found)
        return found[0]

    def _keep(self, found: Sequence[Sequence[SegmentResult]]) -> None:
        for count, segments in zip(self._counts[1:], found[1:], strict=True):
            self.kept.setdefault(_by(count), []).extend(segment.off for segment in segments)
        self.kept.setdefault("otr_agreed", []).extend(off for off, _ in agreed(found))

    def off(self, found: Sequence[SegmentResult]) -> list[bool]:
        """Whether each result counts as off-target; by the strict ratio if this is set."""
        return [segment.outcome not in NOT_OFF if self._strict else segment.off for segment in found]

    @property
    def n(self) -> int:
        """Number of hypotheses."""
        return self._counts[0].n

    @property
    def misses_sentences(self) -> bool:
        """Whether whole lines are identified although most are long, which hides single sentences."""
        return self._unit == "line" and 2 * self._long > self._sampled

    @property
    def outcomes(self) -> Mapping[Outcome, int]:
        """Number of hypotheses by outcome, according to the first identifier."""
        return self._counts[0].outcomes

    @property
    def deciding(self) -> Score:
        """The ratio that decides which hypotheses are on target."""
        return self._counts[0].strict_score if self._strict else self._counts[0].score

    def scores(self) -> dict[str, Score]:
        """All ratios by name.

        Raises:
            UserError: nothing was counted.
        """
        first, *others = self._counts
        scores = {"otr": first.score}
        if isinstance(first, BySentence) and first.sentences.n:
            scores["otr_sentences"] = first.sentence_score
        for other in others:
            scores[_by(other)] = other.score
        if self._agreement is not None:
            scores["otr_agreed"] = self._agreement.score
        if self._rules == "robust":
            scores["otr_unsure"] = first.unsure_score
        if self._strict:
            scores["otr_strict"] = first.strict_score
        if close_relatives(first.language):
            scores["otr_close"] = close_off_target(first)
        return scores


def _by(count: OffTarget) -> str:
    """The name of the ratio by a further identifier."""
    return f"otr_by_{count.identifier.signature}"
