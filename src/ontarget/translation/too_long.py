"""What is said of prompts that did not fit into a model's context."""

from collections.abc import Mapping, Sequence

from ontarget.translation.hypothesis import Hypothesis

_NAMED = 5  # one by one; the others are counted


def refused(hypotheses: Sequence[Hypothesis]) -> dict[int, int]:
    """Number, from 1 on, of each that is `too-long` -> the tokens of its prompt."""
    return {number: one.prompt_tokens for number, one in enumerate(hypotheses, 1) if one.too_long}


def sentences(tokens: Mapping[int, int], limit: int | None, unit: str = "line") -> list[str]:
    """One for each of the first few that were refused, and one that counts the others.

    Args:
        tokens: see `refused`.
        limit: the tokens that the model takes.
        unit: what the numbers count.
    """
    said = [
        f"{unit} {number} is too long and left empty: with its prompt it has {count} tokens, but the model "
        f"takes {limit}, output included; split it"
        for number, count in list(tokens.items())[:_NAMED]
    ]
    if more := len(tokens) - len(said):
        said.append(f"{more} more {unit}{'s are' * (more > 1) or ' is'} too long and left empty")
    return said
