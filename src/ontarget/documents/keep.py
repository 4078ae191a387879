"""Patterns of users for text that stays as it is: `--keep`; and texts of clients of a server."""

from collections.abc import Sequence
from typing import Self

import regex  # unlike re, it can stop: a pattern such as (a+)+b may take years

from ontarget.errors import UserError

_SECONDS = 2.0  # for one paragraph; an ordinary pattern needs less than a thousandth of it


class Keep:
    """Regular expressions of text that stays as it is.

    Args:
        patterns: the expressions, in the syntax of Python's `re`.
    Raises:
        UserError: one is not a regular expression.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns = []
        for pattern in patterns:
            try:
                self._patterns.append((pattern, regex.compile(pattern)))
            except (regex.error, RecursionError, OverflowError) as error:
                raise UserError(f"--keep '{pattern}' is not a valid regular expression: {error}") from None

    @classmethod
    def of_texts(cls, texts: Sequence[str]) -> Self:
        """Keeps texts, such as names, where they are whole words.

        Unlike the patterns of a stranger, they cannot take much time.
        """
        longest_first = sorted(texts, key=len, reverse=True)
        words = (
            f"{_edge(text[0])}{regex.escape(text)}{_edge(text[-1], after=True)}" for text in longest_first
        )
        return cls(["|".join(words)] if texts else [])

    def spans(self, text: str) -> list[tuple[int, int]]:
        """The start and end of each match that is not only white space.

        Raises:
            UserError: a pattern takes longer than two seconds.
        """
        spans = []
        for pattern, compiled in self._patterns:
            try:
                found = [match.span() for match in compiled.finditer(text, timeout=_SECONDS)]
            except TimeoutError:
                raise UserError(
                    f"--keep '{pattern}' takes too long; simplify it, e.g. without nested repetitions"
                ) from None
            spans += [(start, end) for start, end in found if text[start:end].strip()]
        return spans


def _edge(character: str, *, after: bool = False) -> str:
    """A word boundary beside a letter or digit of a script with blanks between words."""
    if not character.isalnum() or ord(character) >= 0x3000:
        return ""
    return r"(?!\w)" if after else r"(?<!\w)"
