"""Assigns sentences to splits, and draws from them evenly."""

import hashlib
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

from ontarget.corpora.phrasebook.patterns import Pattern
from ontarget.corpora.phrasebook.words import Word
from ontarget.errors import UserError

# Of 16 lemma pairs of a pattern, one goes to test, one to validation, and the others to training.
_SPLITS = ("test", "validation", *["train"] * 14)


def split_of(pattern: str, first: str, second: str) -> str:
    """The split of all sentences of `pattern` with these two lemmas in its key slots."""
    pair = "+".join(sorted((first, second)))
    return _SPLITS[hashlib.sha256(f"{pattern}:{pair}".encode()).digest()[0] % len(_SPLITS)]


@dataclass(frozen=True)
class Space:
    """All fillings of one pattern in one split: pairs for the key slots, any words for the other slots."""

    pattern: Pattern
    pairs: Sequence[tuple[Word, Word]]

    @classmethod
    def of(cls, pattern: Pattern, split: str) -> "Space":
        """The part of `pattern` that belongs to `split`."""
        first, second = (pattern.slots[name] for name in pattern.key_slots)
        pairs = [
            (a, b)
            for a, b in product(first, second)
            if split_of(pattern.name, a.lexeme.lemma, b.lexeme.lemma) == split
        ]
        return cls(pattern, pairs)

    @property
    def others(self) -> list[str]:
        """The slots other than the key slots."""
        return [name for name in self.pattern.slots if name not in self.pattern.key_slots]

    def __len__(self) -> int:
        return len(self.pairs) * prod(len(self.pattern.slots[name]) for name in self.others)

    def __getitem__(self, index: int) -> Mapping[str, Word]:
        index, pair = divmod(index, len(self.pairs))
        filling = dict(zip(self.pattern.key_slots, self.pairs[pair], strict=True))
        for name in self.others:
            index, word = divmod(index, len(self.pattern.slots[name]))
            filling[name] = self.pattern.slots[name][word]
        return filling


def draw(
    patterns: Sequence[Pattern], split: str, count: int, rng: random.Random
) -> list[tuple[Pattern, Mapping[str, Word]]]:
    """`count` different fillings, shuffled; the same number from every pattern, unless it has fewer.

    Raises:
        UserError: there are fewer than `count` fillings.
    """
    spaces = [Space.of(pattern, split) for pattern in patterns]
    total = sum(len(space) for space in spaces)
    if count > total:
        raise UserError(
            f"the phrasebook has {total} tuples for its split '{split}', not {count}; reduce the number"
        )
    drawn = []
    left = count
    # The smallest spaces first, so that the larger ones share what these lack.
    for position, space in enumerate(sorted(spaces, key=len)):
        share = min(len(space), left // (len(spaces) - position))
        drawn += [(space.pattern, space[index]) for index in rng.sample(range(len(space)), share)]
        left -= share
    rng.shuffle(drawn)
    return drawn
