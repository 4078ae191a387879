"""The record of languages and directions in a tuned model's directory, and doubts about other directions."""

import json
from dataclasses import dataclass
from pathlib import Path

from ontarget.checkpoints.adapter import lineage
from ontarget.errors import UserError
from ontarget.languages import Direction, Language

RECORD = "ontarget.json"
_LISTED = 8  # directions in a message


@dataclass(frozen=True, slots=True)
class Tuned:
    """The languages and directions that a model was tuned on.

    Attributes:
        languages: the languages of the recipe, which its instructions may name.
        directions: the directions of its training translations.
        single_sentences: whether their sources are single sentences.
    """

    languages: tuple[Language, ...]
    directions: tuple[Direction, ...]
    single_sentences: bool = False

    def saw(self, language: Language) -> bool:
        """Whether the model was tuned on this language, or on another region or script of the language."""
        return any(language.covers(known) or known.covers(language) for known in self.languages)

    def doubts(self, direction: Direction) -> str | None:
        """A warning in one sentence if the model was not tuned on a direction, or else None."""
        new = [side for side in direction.sides if not self.saw(side)]
        if new:
            names = " and ".join(f"{side.name()} ({side})" for side in new)
            return (
                f"the model was tuned on {', '.join(map(str, self.languages))} and never saw {names}: "
                f"look at its translations, and at their language ('ontarget score --to {direction.target}')"
            )
        if not self.directions:
            return "the model was not tuned to translate; name one that was made from it"
        learnt = [(known.source.primary, known.target.primary) for known in self.directions]
        if (direction.source.primary, direction.target.primary) in learnt:
            return None
        listed = ", ".join(map(str, self.directions[:_LISTED])) + ", …" * (len(self.directions) > _LISTED)
        return f"{direction} is zero-shot for this model, which was tuned on {listed}"


def tuned(model: Path | str) -> Tuned | None:
    """The record of a model, or of an adapter's base; None if ontarget did not tune it."""
    for place in lineage(model):
        if isinstance(place, Path) and (found := _read(place / RECORD)):
            return found
    return None


def _read(file: Path) -> Tuned | None:
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
        return Tuned(
            tuple(map(Language, record["languages"])),
            tuple(map(Direction.parse, record["directions"])),
            record.get("single_sentences") is True,
        )
    except (OSError, ValueError, KeyError, TypeError, UserError):
        return None  # a file of an older version, or of another program
