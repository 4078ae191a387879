"""A parallel corpus of English, Italian, Dutch and Romanian, made from a lexicon and sentence patterns.

Begin with `patterns.py`.
"""

import random
from functools import cache

from ontarget.corpora.corpus import Corpus
from ontarget.corpora.phrasebook.patterns import Pattern, read_patterns
from ontarget.corpora.phrasebook.splits import draw
from ontarget.corpora.phrasebook.words import LANGUAGES, read_lexicon
from ontarget.errors import UserError
from ontarget.languages import Language

_HELD_OUT = 500  # lines of validation and of test


def load(tuples: int = 20_000, seed: int = 1) -> Corpus:
    """Generates the corpus, which is the same on every machine for the same arguments.

    Validation and test (500 lines each) do not depend on `tuples`. A pair of lemmas in the two key slots of a
    pattern occurs with this pattern in only one split.

    Args:
        tuples: number of lines in the split `train`.
        seed: random seed of the draw; it does not affect the split of a lemma pair.

    Raises:
        UserError: `tuples` is not positive, or exceeds the number of possible lines.
    """
    if tuples < 1:
        raise UserError(f"the phrasebook needs at least one tuple, not {tuples}")
    memory: dict[object, str] = {}
    splits = {}
    for split, count in (("train", tuples), ("validation", _HELD_OUT), ("test", _HELD_OUT)):
        drawn = draw(_patterns(), split, count, random.Random(f"{seed}:{split}"))
        splits[split] = {
            Language(code): [pattern.sentence(code, filling, memory) for pattern, filling in drawn]
            for code in LANGUAGES
        }
    return Corpus("phrasebook", splits)


@cache
def _patterns() -> list[Pattern]:
    return read_patterns(read_lexicon())
