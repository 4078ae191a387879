"""The text of an output: cut at a stop sequence, without white space around it."""

from collections.abc import Sequence

from ontarget.text import in_one_line


def output_text(decoded: str, stop: Sequence[str], one_line: bool) -> str:
    """The text of a hypothesis.

    Args:
        decoded: the generated text.
        stop: the text ends before the first of these strings.
        one_line: whether line breaks become spaces.
    """
    cut = before_stop(decoded, stop)
    text = (decoded if cut is None else cut).strip()
    return in_one_line(text) if one_line else text


def before_stop(text: str, stop: Sequence[str]) -> str | None:
    """The text before the first stop sequence; None if there is no stop sequence."""
    found = [place for sequence in stop if (place := text.find(sequence)) >= 0]
    return text[: min(found)] if found else None
