"""Emphasis in a translated Markdown text: signs that do not work beside the new words are replaced.

`_so_` is emphasis between blanks, but not in `_so_fort` or in a language without blanks, and `**"so"**` not
directly behind a letter (https://spec.commonmark.org/0.31.2/#left-flanking-delimiter-run).
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import replace

from ontarget.documents.parts import Parts, Tag

_SIGNS = frozenset({"*", "_", "**", "__", "~~"})


def with_valid_emphasis(parts: Parts) -> Parts:
    """The parts with `*` in place of a `_` that touches a word, and with a blank where `*` needs one."""
    texts = [part.raw if isinstance(part, Tag) else part for part in parts]
    for begin, end in _pairs(parts):
        sign = texts[begin]
        before, after = _letter("".join(texts[:begin])[-1:]), _letter("".join(texts[end + 1 :])[:1])
        inner = "".join(texts[begin + 1 : end])
        if "_" in sign and (before or after):
            sign = sign.replace("_", "*")
        texts[begin] = texts[end] = sign
        if isinstance(parts[begin + 1], str):
            texts[begin + 1] = texts[begin + 1].lstrip()
        if isinstance(parts[end - 1], str):
            texts[end - 1] = texts[end - 1].rstrip()
        if before and not _letter(inner[:1]):  # a blank inside goes outside
            texts[begin] = f" {sign}"
        if after and not _letter(inner[-1:]):
            texts[end] = f"{sign} "
    return tuple(
        replace(part, raw=text) if isinstance(part, Tag) else text
        for part, text in zip(parts, texts, strict=True)
    )


def without_emphasis(parts: Parts) -> Parts:
    """The parts without the signs of emphasis."""
    dropped = {place for pair in _pairs(parts) for place in pair}
    return tuple(part for place, part in enumerate(parts) if place not in dropped)


def _pairs(parts: Parts) -> Iterator[tuple[int, int]]:
    """The places of the signs that begin and end emphasis."""
    open_ = list[int]()
    raws = [part.raw if isinstance(part, Tag) else "" for part in parts]
    for place, raw in enumerate(raws):
        if raw in _SIGNS and open_ and raws[open_[-1]] == raw:
            yield open_.pop(), place
        elif raw in _SIGNS:
            open_.append(place)


def _letter(character: str) -> bool:
    """Whether a character is neither white space nor punctuation, as Markdown has it."""
    return character.strip() != "" and unicodedata.category(character)[0] not in "PS"
