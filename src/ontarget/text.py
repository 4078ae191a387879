"""The form of a segment for all inputs and outputs: one line, which counts as empty without readable text."""

import re

# All line breaks of `str.splitlines`. Files are split only at LF, so a line of a file may contain the others.
_LINE_BREAK = re.compile(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
# Neither white space, nor what Unicode calls "default ignorable": zero-width spaces and joiners, byte-order
# marks, soft hyphens, marks of direction, variation selectors.
_READABLE = re.compile(
    r"[^\s\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    r"\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    r"\U000e0000-\U000e0fff]"
)


def in_one_line(text: str) -> str:
    """Replaces line breaks and surrounding white space by one space, and removes them at both ends.

    Training and inference both use this form. Text without line breaks is returned unchanged.
    """
    if text.splitlines() in ([text], []):  # several times as fast as the regular expression
        return text
    first, *between, last = _LINE_BREAK.split(text)
    return " ".join(filter(None, [first.rstrip(), *map(str.strip, between), last.lstrip()]))


def is_empty(text: str) -> bool:
    """Whether a text is empty: only white space and characters without width."""
    return _READABLE.search(text) is None
