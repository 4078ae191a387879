"""What a segment is wherever text comes in or goes out: one line, with something in it to read."""

import re

# All that `str.splitlines` cuts at. Files are cut at LF alone, so the others may be within a line of a file.
_LINE_BREAK = re.compile(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
# Neither white space, nor what Unicode calls "default ignorable": zero-width spaces and joiners, byte-order
# marks, soft hyphens, marks of direction, variation selectors.
_READABLE = re.compile(
    r"[^\s\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    r"\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    r"\U000e0000-\U000e0fff]"
)


def in_one_line(text: str) -> str:
    """The text with one space for each line break and the white space around it, and none at its ends.

    Training and inference both read text in this form. Text without line breaks is returned as it is.
    """
    if text.splitlines() in ([text], []):  # several times as fast as the expression
        return text
    first, *between, last = _LINE_BREAK.split(text)
    return " ".join(filter(None, [first.rstrip(), *map(str.strip, between), last.lstrip()]))


def is_empty(text: str) -> bool:
    """Whether a text has nothing to read: only white space and characters that have no width."""
    return _READABLE.search(text) is None
