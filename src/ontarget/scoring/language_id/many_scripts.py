"""Counts the letters of many texts by script, in a fifth of the time of `scripts.script_counts` on each."""

from collections import Counter
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ontarget.scoring.language_id.scripts import SCRIPTS, script_of

_CHARACTERS = 1 << 18  # counted at a time, except that a longer text is counted as a whole
_NONE, _UNSEEN = (
    len(SCRIPTS),
    255,
)  # of a character without a script, and of one whose script is not known yet


def counts_of_scripts(texts: Sequence[str]) -> list[Counter[str]]:
    """The result of `script_counts` for each text."""
    counts: list[Counter[str]] = [Counter() for _ in texts]
    start = characters = 0
    for end, text in enumerate(texts, start=1):
        characters += len(text)
        if characters >= _CHARACTERS or end == len(texts):
            _count(texts[start:end], counts[start:end])
            start, characters = end, 0
    return counts


def _count(texts: Sequence[str], counts: Sequence[Counter[str]]) -> None:
    scripts = _scripts_in("".join(texts))
    text = np.repeat(np.arange(len(texts)), list(map(len, texts)))
    table = np.bincount(text * (_NONE + 1) + scripts, minlength=len(texts) * (_NONE + 1))
    table = table.reshape(-1, _NONE + 1)[:, :_NONE]
    found = table.nonzero()
    for n, script, letters in zip(*(part.tolist() for part in (*found, table[found])), strict=True):
        counts[n][SCRIPTS[script]] = letters


def _scripts_in(text: str) -> NDArray[np.uint8]:
    """The number of each character's script in `SCRIPTS`."""
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    table = _table()
    scripts = table[points]
    if new := set(points[scripts == _UNSEEN].tolist()):
        for point in new:
            script = script_of(chr(point))
            table[point] = SCRIPTS.index(script) if script else _NONE
        scripts = table[points]
    return scripts


@cache
def _table() -> NDArray[np.uint8]:
    """The number of the script of each character that was seen so far, by code point."""
    return np.full(0x110000, _UNSEEN, np.uint8)
