"""Parallel text in memory: lines of several languages that are aligned with each other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ontarget.errors import UserError
from ontarget.languages import Direction, Language


@dataclass(frozen=True, slots=True)
class Translation:
    """One aligned segment pair with its direction."""

    source: str
    target: str
    direction: Direction


@dataclass(frozen=True, slots=True)
class Corpus:
    """Splits (`train`, `validation`, `test`) of lines.

    Line n of every language of a split is the same segment.
    """

    name: str
    splits: Mapping[str, Mapping[Language, Sequence[str]]]

    def lines(self, split: str, language: Language) -> Sequence[str]:
        """The lines of one language of one split."""
        try:
            return self.splits[split][language]
        except KeyError:
            there = ", ".join(f"{name}: {' '.join(map(str, lines))}" for name, lines in self.splits.items())
            raise UserError(
                f"corpus '{self.name}' has no {language.name()} ({language}) in its split '{split}'; "
                f"it has {there}"
            ) from None

    def translations(self, split: str, direction: Direction, limit: int | None = None) -> list[Translation]:
        """The first `limit` (default: all) aligned pairs of one direction, in file order."""
        pairs = zip(self.lines(split, direction.source), self.lines(split, direction.target), strict=True)
        return [Translation(source, target, direction) for source, target in list(pairs)[:limit]]
