"""Patterns of users for text that stays as it is: `--keep`."""

from collections.abc import Sequence

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
