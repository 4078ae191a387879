"""What is said of prompts that did not fit into a model's context."""

from collections.abc import Sequence

from ontarget.translation.hypothesis import Hypothesis

_NAMED = 5  # one by one; the others are counted


def sentences(hypotheses: Sequence[Hypothesis], limit: int | None, unit: str = "line") -> list[str]:
    """One for each of the first few hypotheses that are `too-long`, and one that counts the others.

    Args:
        hypotheses: of all that was asked, in order; their numbers count from 1.
        limit: the tokens that the model takes.
        unit: what each of them answers.
    """
    refused = [(number, one) for number, one in enumerate(hypotheses, 1) if one.too_long]
    said = [
        f"{unit} {number}: {one.prompt_tokens} tokens with its prompt, but the model takes {limit}, "
        "answer included; left empty"
        for number, one in refused[:_NAMED]
    ]
    if len(refused) > _NAMED:
        said.append(f"{len(refused) - _NAMED} more {unit}s are too long, {len(refused)} in all; split them")
    elif refused:
        said[-1] += "; split it"
    return said
