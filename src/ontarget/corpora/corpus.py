"""Parallel text: aligned lines in several languages."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, chain
from typing import overload

from ontarget.corpora.lazy import Chosen, Lazy, locate
from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.text import in_one_line

Segment = Mapping[Language, str]  # the texts of one segment by language


@dataclass(frozen=True, slots=True)
class Translation:
    """One aligned segment pair with its direction."""

    source: str
    target: str
    direction: Direction


@dataclass(frozen=True, slots=True)
class Part:
    """Aligned lines: line n of every language is the same segment.

    Attributes:
        lines: the lines of each language, in memory or on disk (see store.py).
        direction: the only direction of the text, as in test sets written for one direction; None if it
            serves all directions between its languages.
    """

    lines: Mapping[Language, Sequence[str]]
    direction: Direction | None = None

    def __len__(self) -> int:
        """Number of segments."""
        return len(next(iter(self.lines.values())))

    def serves(self, direction: Direction) -> bool:
        """Whether it has translations in a direction."""
        there = direction.source in self.lines and direction.target in self.lines
        return there and self.direction in (None, direction)

    def chosen(self, numbers: Sequence[int]) -> "Part":
        """The segments with these numbers."""
        return replace(self, lines={code: Chosen(lines, numbers) for code, lines in self.lines.items()})

    def segments(self) -> Iterator[Segment]:
        """The segments, in order."""
        for texts in zip(*self.lines.values(), strict=True):
            yield dict(zip(self.lines, texts, strict=True))


@dataclass(frozen=True, slots=True)
class Corpus:
    """Parallel text in splits (`train`, `validation`, `test`).

    Attributes:
        name: the name in messages.
        splits: for each split, the lines of languages that are all aligned with each other; or several parts
            that are not, such as German-English and French-English.
        left_out: number of segments removed by reading and cleaning, by reason: "train: empty" -> 12.
        line_breaks: for each split, the number of segments in which line breaks became spaces (see text.py).
        fingerprint: identifies text that was read from files; None for other text.
        digests: hashes of the lines of the train split by language, as far as they are known.
    """

    name: str
    splits: Mapping[str, Mapping[Language, Sequence[str]] | Sequence[Part]]
    left_out: Mapping[str, int] = field(default_factory=dict)
    line_breaks: Mapping[str, int] = field(default_factory=dict)
    fingerprint: str | None = None
    digests: dict[Language, str] = field(init=False, default_factory=dict, repr=False, compare=False)

    def parts(self, split: str) -> Sequence[Part]:
        """The aligned parts of a split; empty if there is no such split."""
        found = self.splits.get(split, ())
        return [Part(found)] if isinstance(found, Mapping) else found

    def lines(self, split: str, language: Language) -> Sequence[str]:
        """The lines of one language in one split, part after part.

        Raises:
            UserError: the split does not have the language.
        """
        found = [part.lines[language] for part in self.parts(split) if language in part.lines]
        if not found:
            raise UserError(
                f"corpus '{self.name}' has no {language.name()} ({language}) in its split '{split}'; "
                f"it has {self._contents()}"
            )
        return _joined(found)

    def pairs(self, split: str, direction: Direction) -> "Pairs":
        """All aligned pairs of one direction in file order, read on access.

        Raises:
            UserError: no part of the split has both languages, or serves the direction.
        """
        for language in direction.sides:
            self.lines(split, language)  # raises an error that names the missing language
        parts = [part for part in self.parts(split) if part.serves(direction)]
        if not parts:
            raise UserError(
                f"corpus '{self.name}' has no text from {direction.source.name()} to "
                f"{direction.target.name()} ({direction}) in its split '{split}'; it has {self._contents()}"
            )
        source, target = (_joined([part.lines[language] for part in parts]) for language in direction.sides)
        return Pairs(source, target, direction)

    def translations(self, split: str, direction: Direction, limit: int | None = None) -> list[Translation]:
        """The first `limit` (default: all) aligned pairs of one direction, in file order."""
        return self.pairs(split, direction)[:limit]

    def _contents(self) -> str:
        splits = {
            split: ", ".join(str(p.direction) if p.direction else " ".join(map(str, p.lines)) for p in parts)
            for split in self.splits
            if (parts := self.parts(split))
        }
        return ", ".join(f"{split}: {languages}" for split, languages in splits.items())


class Pairs(Sequence[Translation]):
    """Two sequences of lines as translations in one direction, made on access."""

    def __init__(self, source: Sequence[str], target: Sequence[str], direction: Direction) -> None:
        if len(source) != len(target):
            raise ValueError(
                f"{len(source)} lines of {direction.source}, {len(target)} of {direction.target}"
            )
        self.source, self.target, self.direction = source, target, direction

    def __len__(self) -> int:
        return len(self.source)

    @overload
    def __getitem__(self, index: int) -> Translation: ...
    @overload
    def __getitem__(self, index: slice) -> list[Translation]: ...
    def __getitem__(self, index: int | slice) -> Translation | list[Translation]:
        if isinstance(index, slice):
            both = zip(self.source[index], self.target[index], strict=True)
            return [Translation(source, target, self.direction) for source, target in both]
        return Translation(self.source[index], self.target[index], self.direction)


def without_line_breaks(parts: Iterable[Part]) -> tuple[list[Part], int]:
    """Parts with each text in one line, and the number of segments that had line breaks.

    For text in memory; store.py does the same for text on disk.
    """
    found, broken = [], 0
    for part in parts:
        lines = {language: list(map(in_one_line, texts)) for language, texts in part.lines.items()}
        changed = (
            number
            for language, texts in part.lines.items()
            for number, (text, line) in enumerate(zip(texts, lines[language], strict=True))
            if text != line
        )
        broken += len(set(changed))
        found.append(replace(part, lines=lines))
    return found, broken


def _joined(lines: Sequence[Sequence[str]]) -> Sequence[str]:
    return lines[0] if len(lines) == 1 else _Joined(lines)


class _Joined(Lazy[str]):
    """Several sequences of lines as one."""

    def __init__(self, inner: Sequence[Sequence[str]]) -> None:
        self._inner = inner
        self._ends = list(accumulate(map(len, inner)))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __iter__(self) -> Iterator[str]:
        return chain.from_iterable(self._inner)

    def _item(self, number: int) -> str:
        of, place = locate(self._ends, number)
        return self._inner[of][place]
