"""The off-target ratios of one system's answers: by one identifier, or by each of several and agreed."""

from collections.abc import Mapping, Sequence

from ontarget.languages import Direction, Language
from ontarget.scoring.agreement import AgreedOffTarget
from ontarget.scoring.by_sentence import BySentence, counting, is_long
from ontarget.scoring.language_id.close_relatives import close_off_target, close_relatives
from ontarget.scoring.language_id.identifier import Identifier
from ontarget.scoring.language_id.rules import Rules, Unit
from ontarget.scoring.off_target import SegmentResult
from ontarget.scoring.outcome import NOT_OFF, Outcome
from ontarget.scoring.score import Score

_LOOKED_AT = 100  # lines of a chunk whose length is looked at; all of them would cost time


class Ratios:
    """Counts, chunk by chunk.

    Args:
        target: the language that was asked for, or the direction.
        identifiers: the first decides what became of each line, and what counts as on target.
        strict: whether the strict ratio is counted; it then decides instead.
        rules: how lines are read.
        unit: what is identified.

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
    ) -> None:
        self._strict, self._rules, self._unit = strict, rules, unit
        self._counts = [counting(unit)(target, one, strict=strict, rules=rules) for one in identifiers]
        self._long = self._looked_at = 0
        self._agreement = AgreedOffTarget(self._counts) if len(identifiers) > 1 else None

    def add(
        self, hypotheses: Sequence[str], sources: Sequence[str] | None, finish: Sequence[str] | None
    ) -> list[SegmentResult]:
        """Counts some more; what the first identifier found of each. Arguments as of `OffTarget.add`."""
        found = [count.add(hypotheses, sources, finish) for count in self._counts]
        some = hypotheses[:_LOOKED_AT]
        self._looked_at += len(some)
        self._long += sum(map(is_long, some))
        if self._agreement is not None:
            self._agreement.add(found)
        return found[0]

    def off(self, found: Sequence[SegmentResult]) -> list[bool]:
        """Which of these count as off-target: by the strict ratio, where it is asked for."""
        return [segment.outcome not in NOT_OFF if self._strict else segment.off for segment in found]

    @property
    def n(self) -> int:
        """How many hypotheses were counted."""
        return self._counts[0].n

    @property
    def misses_sentences(self) -> bool:
        """Whether whole lines are identified although most are long: a sentence is lost in them."""
        return self._unit == "line" and 2 * self._long > self._looked_at

    @property
    def outcomes(self) -> Mapping[Outcome, int]:
        """How many hypotheses had which outcome, by the first identifier."""
        return self._counts[0].outcomes

    @property
    def deciding(self) -> Score:
        """The ratio that says which hypotheses are on target."""
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
            scores[f"otr_by_{other.identifier.signature}"] = other.score
        if self._agreement is not None:
            scores["otr_agreed"] = self._agreement.score
        if self._rules == "robust":
            scores["otr_unsure"] = first.unsure_score
        if self._strict:
            scores["otr_strict"] = first.strict_score
        if close_relatives(first.language):
            scores["otr_close"] = close_off_target(first)
        return scores
