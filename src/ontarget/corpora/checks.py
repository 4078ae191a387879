"""The checks of cleaning: which segments are worth learning from."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ontarget.errors import UserError, nearest
from ontarget.languages import Language
from ontarget.text import is_empty

_NEW = 1 << 20  # hashes; the largest share of all that waits to be sorted in is an eighth

Columns = Mapping[Language, Sequence[str]]  # the texts of some segments, by language
Check = Callable[[Columns], list[bool]]  # -> whether each of them stays

# Step -> its limit where the recipe gives none; None: it takes none.
STEPS: dict[str, float | None] = {
    "empty": None,
    "too-long": 1000,
    "length-ratio": 3,
    "duplicates": None,
    "wrong-language": 0.5,
    "source-is-target": None,
}


@dataclass(frozen=True, slots=True)
class Step:
    """One step of cleaning, and its limit.

    empty: a text has nothing to read: only white space and characters without width.
    too-long: a text has more characters than the limit.
    length-ratio: a text has more than so many times the characters of another of its segment.
    duplicates: the same segment, in all its languages, came before.
    wrong-language: identification says, with at least this probability, that a text is in another language.
    source-is-target: two texts of the segment are the same.
    """

    name: str
    limit: float | None = None

    @classmethod
    def of(cls, given: Any) -> "Step":
        """Reads what a recipe says: `empty`, or `{too-long: 500}`.

        Raises:
            UserError: there is no such step, or its limit is no positive number.
        """
        if isinstance(given, Step):
            return given
        name, limit = given, None
        if isinstance(given, Mapping) and len(given) == 1:
            [(name, limit)] = given.items()
        if not isinstance(name, str) or name not in STEPS:
            hint = nearest(str(name), STEPS) or f"; there are {', '.join(STEPS)}"
            raise UserError(f"'{name}' is no step of cleaning{hint}")
        default = STEPS[name]
        if limit is None:
            return cls(name, default)
        if default is None:
            raise UserError(f"the step '{name}' takes no limit")
        if isinstance(limit, bool) or not isinstance(limit, int | float) or limit <= 0:
            raise UserError(
                f"the limit of '{name}' is {limit!r}; it should be a number above 0, such as {default}"
            )
        return cls(name, limit)

    def settings(self) -> Any:
        """What a recipe says, complete."""
        return self.name if self.limit is None else {self.name: self.limit}


@dataclass(frozen=True, slots=True)
class Identification:
    """How to know the language of a text; handed in by the pipeline, for corpora knows no identifier.

    Attributes:
        name: the identifier's: a part of what cleaned text is known by.
        elsewhere: texts, and the language that they should be in -> for each the probability that it is in
            another; 0 where the identifier takes it for the right one.
    """

    name: str
    elsewhere: Callable[[Sequence[str], Language], Sequence[float]]


def check_of(step: Step, identification: Identification) -> Check:
    """The check of a step for one part of a corpus."""
    limit = step.limit or 0.0
    if step.name == "duplicates":
        return _Unseen()
    if step.name == "wrong-language":

        def in_their_languages(texts: Columns) -> list[bool]:
            elsewhere = [identification.elsewhere(lines, language) for language, lines in texts.items()]
            return [max(row) < limit for row in zip(*elsewhere, strict=True)]

        return in_their_languages
    passes: dict[str, Callable[[Sequence[str]], bool]] = {
        "empty": lambda row: not any(map(is_empty, row)),
        "too-long": lambda row: max(map(len, row)) <= limit,
        "length-ratio": lambda row: max(map(len, row)) <= limit * min(map(len, row)),
        "source-is-target": lambda row: all(a.strip() != b.strip() for a, b in combinations(row, 2)),
    }
    return lambda texts: [passes[step.name](row) for row in zip(*texts.values(), strict=True)]


class InTest:
    """Whether no text of a segment is a line of the test set.

    Attributes:
        first: the first that is, and its language.
    """

    def __init__(self, tests: Mapping[Language, frozenset[str]]) -> None:
        self._tests = tests
        self.first: tuple[Language, str] | None = None

    def __call__(self, texts: Columns) -> list[bool]:
        """The check."""
        known = [
            (language, self._tests.get(language, frozenset()), lines) for language, lines in texts.items()
        ]
        stays = [True] * len(next(iter(texts.values())))
        for language, tests, lines in known:
            for number, line in enumerate(lines):
                if line.strip() in tests:
                    stays[number] = False
                    self.first = self.first or (language, line)
        return stays


class _Unseen:
    """Whether a segment comes for the first time: some 20 bytes are kept of each.

    Hashes of 64 bits: of ten million segments one is taken for another with a probability of 3 in a million.
    """

    def __init__(self) -> None:
        self._seen: NDArray[np.uint64] = np.empty(0, np.uint64)  # sorted; a set takes ten times the memory
        self._new = set[int]()  # not yet among them: to sort a few in, all have to move

    def __call__(self, texts: Columns) -> list[bool]:
        """The check."""
        hashes = np.array([hash_of(row) for row in zip(*texts.values(), strict=True)], np.uint64)
        known = self._known(hashes)
        stays = []
        for number, seen in zip(hashes.tolist(), known.tolist(), strict=True):
            stays.append(not seen and number not in self._new)
            if stays[-1]:
                self._new.add(number)
        if len(self._new) > max(_NEW, len(self._seen) // 8):
            self._seen = np.sort(np.append(self._seen, np.array([*self._new], np.uint64)), kind="stable")
            self._new.clear()
        return stays

    def _known(self, hashes: "NDArray[np.uint64]") -> "NDArray[np.bool_]":
        if not len(self._seen):
            return np.zeros(len(hashes), bool)
        places = np.searchsorted(self._seen, hashes)
        known: NDArray[np.bool_] = self._seen[np.minimum(places, len(self._seen) - 1)] == hashes
        return known


def hash_of(row: Iterable[str]) -> int:
    """64 bits that a segment, all its texts in order, is known by."""
    data = "\0".join(row).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "little")
