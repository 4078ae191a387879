"""The verdict on a translation: its language, what was tried for it, and what else is wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self, get_args

from ontarget.languages import Direction
from ontarget.translation.hypothesis import Hypothesis

VerdictOutcome = Literal["on_target", "off_target", "unsure", "neutral"]
"""`off_target`: a line that the off-target ratio counts. `unsure`: another language is more probable, but the
line may well be in the target language. `neutral`: the line has no word of any language."""

Action = Literal["none", "reranked", "retried", "pivoted", "escalated", "failed"]
"""How the translation was found: as the model gave it (`none`), chosen among the hypotheses of the beam
(`reranked`), sampled (`retried`), through a third language (`pivoted`), or by another model (`escalated`).
With `failed` all attempts are off-target, and the first of the best ones is kept."""

Flag = Literal[
    "empty",
    "too_long",
    "no_words",
    "cut_off",
    "echo",
    "looping",
    "overlong",
    "too_short",
    "commentary",
    "source_words",
    "placeholders_lost",
    "numbers_lost",
    "kept",
]
FLAGS: tuple[Flag, ...] = get_args(Flag)
_UNTRANSLATED: frozenset[Flag] = frozenset({"empty", "too_long", "no_words"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found out about a translation.

    Attributes:
        outcome: whether it is in the target language, by the rules of `ontarget score`.
        language: the identified language, such as `fr`; `""` for an empty text, `zxx` for a text without
            words, `und` if the identifier cannot tell.
        confidence: the identifier's probability of that language, 0 to 1.
        action: how the translation was found.
        details: each flag (`flags.py` describes them) with its evidence, such as the numbers that are lost.
    """

    outcome: VerdictOutcome
    language: str
    confidence: float
    action: Action = "none"
    details: Mapping[Flag, tuple[str, ...]] = field(default_factory=dict)

    @property
    def flags(self) -> tuple[Flag, ...]:
        """What else is wrong, or worth knowing, in the order of `FLAGS`."""
        return tuple(flag for flag in FLAGS if flag in self.details)

    @property
    def off(self) -> bool:
        """Whether the translation is off-target."""
        return self.outcome == "off_target"

    @property
    def untranslated(self) -> bool:
        """Whether there is no translation: no text, or no word although the source has some."""
        return not self.details.keys().isdisjoint(_UNTRANSLATED)

    @property
    def unusable(self) -> bool:
        """Whether the translation is off-target or none at all, so that another attempt is worth it."""
        return self.off or self.untranslated

    def to_dict(self) -> dict[str, Any]:
        """The verdict as plain data, for JSON."""
        return {
            "outcome": self.outcome,
            "language": self.language,
            "confidence": round(self.confidence, 4),
            "action": self.action,
            "flags": list(self.flags),
            "details": {flag: list(self.details[flag]) for flag in self.flags if self.details[flag]},
        }

    @classmethod
    def of_dict(cls, data: Mapping[str, Any]) -> Self:
        """The verdict that `to_dict` wrote."""
        evidence = data.get("details", {})
        details = {flag: tuple(evidence.get(flag, ())) for flag in data["flags"]}
        return cls(data["outcome"], data["language"], data["confidence"], data["action"], details)


@dataclass(frozen=True, slots=True)
class Checked:
    """A translation with its verdict.

    Attributes:
        source: the text that was translated.
        direction: from which language into which.
        hypothesis: the translation, with finish reason and log-probability.
        verdict: the result of the check.
    """

    source: str
    direction: Direction
    hypothesis: Hypothesis
    verdict: Verdict

    @property
    def text(self) -> str:
        """The translation."""
        return self.hypothesis.text

    def after(self, action: Action) -> "Checked":
        """The same, with another action."""
        return replace(self, verdict=replace(self.verdict, action=action))

    def to_dict(self) -> dict[str, Any]:
        """The translation and its verdict as plain data, for JSON."""
        return {
            "source": self.source,
            "text": self.text,
            "direction": str(self.direction),
            **self.verdict.to_dict(),
            "finish_reason": self.hypothesis.finish_reason,
            "tokens": self.hypothesis.tokens,
        }


def report_row(number: int, one: Checked) -> dict[str, Any]:
    """A line of `translate --report`.

    Args:
        number: the number of the line, from 1.
        one: its translation.
    """
    return {"line": number, **one.to_dict()}


def better(one: Checked, other: Checked) -> bool:
    """Whether a translation is to be preferred to another one of the same source.

    One that is off-target, or no translation at all, is worse than all others. Among these, the one with
    fewer serious flags is better.
    """
    return badness(one) < badness(other)


_HARMLESS: frozenset[Flag] = frozenset({"source_words", "numbers_lost", "kept"})  # hints, often mistaken


def badness(one: Checked) -> tuple[bool, bool, int, bool]:
    """A key that sorts translations of a source, the best ones first; see `better`."""
    verdict = one.verdict
    return (
        verdict.unusable,
        "placeholders_lost" in verdict.details,
        len(verdict.details.keys() - _HARMLESS),
        verdict.outcome == "unsure",
    )
