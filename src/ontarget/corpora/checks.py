"""The checks of cleaning, which decide the segments to train on."""

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

_NEW = 1 << 20  # hashes; new ones are sorted in when they exceed this number and an eighth of the old ones

Columns = Mapping[Language, Sequence[str]]  # the texts of some segments, by language
Check = Callable[[Columns], list[bool]]  # from segments to whether each is kept

# Step -> its default limit; None if it takes no limit.
STEPS: dict[str, float | None] = {
    "empty": None,
    "too-long": 1000,
    "length-ratio": 3,
    "duplicates": None,
    "wrong-language": 0.5,
    "source-is-target": None,
}


@dataclass(frozen=True, slots=True)
class CleaningStep:
    """One step of cleaning with its limit. A segment is removed under these conditions:

    empty: a text has only white space and characters without width.
    too-long: a text has more characters than the limit.
    length-ratio: the ratio of the lengths of two texts, in characters, exceeds the limit.
    duplicates: the same segment, in all its languages, occurred earlier.
    wrong-language: a text is in another language with at least the limit's probability.
    source-is-target: two texts of the segment are equal.
    """

    name: str
    limit: float | None = None

    @classmethod
    def of(cls, given: Any) -> "CleaningStep":
        """Parses a recipe's value: `empty`, or `{too-long: 500}`.

        Raises:
            UserError: the step does not exist, or its limit is not a positive number.
        """
        if isinstance(given, CleaningStep):
            return given
        name, limit = given, None
        if isinstance(given, Mapping) and len(given) == 1:
            [(name, limit)] = given.items()
        if not isinstance(name, str) or name not in STEPS:
            hint = nearest(str(name), STEPS) or f"; choose from {', '.join(STEPS)}"
            raise UserError(f"'{name}' is not a cleaning step{hint}")
        default = STEPS[name]
        if limit is None:
            return cls(name, default)
        if default is None:
            raise UserError(f"the cleaning step '{name}' takes no limit; write only its name")
        if isinstance(limit, bool) or not isinstance(limit, int | float) or limit <= 0:
            raise UserError(
                f"the limit of '{name}' is {limit!r}; expected a number above 0, such as {default}"
            )
        return cls(name, limit)

    def settings(self) -> Any:
        """The value for a recipe, with the limit."""
        return self.name if self.limit is None else {self.name: self.limit}


@dataclass(frozen=True, slots=True)
class Identification:
    """Identification of languages, passed in by the pipeline, since `corpora` does not import an identifier.

    Attributes:
        name: the name of the identifier, as part of the fingerprint of cleaned text.
        elsewhere: a function from texts and their language to the probability that each is in another
            language; 0 if the identifier's guess is right.
    """

    name: str
    elsewhere: Callable[[Sequence[str], Language], Sequence[float]]


def check_of(step: CleaningStep, identification: Identification) -> Check:
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
    """Keeps the segments without a text that is a line of the test set.

    Attributes:
        first: the first text that is in the test set, with its language.
    """

    def __init__(self, tests: Mapping[Language, frozenset[str]]) -> None:
        self._tests = tests
        self.first: tuple[Language, str] | None = None

    def __call__(self, texts: Columns) -> list[bool]:
        """Whether each segment is kept."""
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
    """Keeps the first occurrence of each segment; it needs about 20 bytes per segment.

    It compares 64-bit hashes: among ten million segments, any collision has a probability of 3 in a million.
    """

    def __init__(self) -> None:
        self._seen: NDArray[np.uint64] = np.empty(0, np.uint64)  # sorted; a set takes ten times the memory
        self._new = set[int]()  # not sorted in yet, since this moves all hashes

    def __call__(self, texts: Columns) -> list[bool]:
        """Whether each segment is kept."""
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
    """A 64-bit hash of a segment: of all its texts in order."""
    data = "\0".join(row).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "little")
