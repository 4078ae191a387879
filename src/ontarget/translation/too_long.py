"""Messages about prompts that did not fit into a model's context."""

from collections.abc import Mapping, Sequence

from ontarget.translation.hypothesis import Hypothesis

_NAMED = 5  # with a sentence each; the others are counted


def refused(hypotheses: Sequence[Hypothesis]) -> dict[int, int]:
    """The number (from 1) of each `too-long` hypothesis -> the number of tokens of its prompt."""
    return {number: one.prompt_tokens for number, one in enumerate(hypotheses, 1) if one.too_long}


def sentences(
    tokens: Mapping[int, int], limit: int | None, unit: str = "line", count: int | None = None
) -> list[str]:
    """A sentence for each of the first few refused prompts, and one that counts the others.

    Args:
        tokens: see `refused`; the first few are enough if `count` is given.
        limit: number of tokens that the model takes, if it is known.
        unit: the name of one input, such as `line`.
        count: number of refused prompts; default: those in `tokens`.
    """
    messages = [
        f"{unit} {number} is too long{_numbers(length, limit)}; split it"
        for number, length in list(tokens.items())[:_NAMED]
    ]
    if more := (len(tokens) if count is None else count) - len(messages):
        messages.append(f"{more} more {unit}{'s are' * (more > 1) or ' is'} too long and left empty")
    return messages


def _numbers(length: int, limit: int | None) -> str:
    """What is known of them: a server may tell neither the length of a prompt (0) nor its limit."""
    has = f"with its prompt it has {length} tokens" if length else ""
    takes = f"the model takes {limit}, output included" if limit is not None else ""
    if has and takes:
        return f" and left empty: {has}, but {takes}"
    return " for the model and left empty" + (f": {has or takes}" if has or takes else "")
