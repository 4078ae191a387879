"""Several wordings of an instruction, mixed by weight."""

import random
from collections.abc import Mapping

from ontarget.errors import UserError, nearest
from ontarget.prompts.layout import names_in
from ontarget.prompts.wording import ENGLISH, wording

Wordings = Mapping[str, float]
"""Name of words in `prompts/texts`, or a sentence with {source} and {target} -> weight."""


def sentence(words: str) -> str:
    """The sentence for a wording, which is given by its name or as the sentence itself.

    Raises:
        UserError: `words` is neither a name nor such a sentence.
    """
    templates = wording(ENGLISH).templates
    if words in templates:
        return templates[words]["instruction"]
    if " " not in words.strip() and "{" not in words:
        choices = f"; choose from {', '.join(templates)}, or write a sentence with {{source}} and {{target}}"
        raise UserError(f"unknown wording '{words}'{nearest(words, templates) or choices}")
    try:
        names = set(names_in(words))
    except ValueError as error:
        raise UserError(f"the wording '{words}': {error}") from None
    if names != {"source", "target"}:
        raise UserError(
            f"the wording '{words}' must contain {{source}} and {{target}}, and no other name in braces"
        )
    return words


def draw_wordings(wordings: Wordings, count: int, seed: int, pass_number: int) -> list[str | None]:
    """A sentence for each of `count` samples, drawn anew for each pass; None means the template's own."""
    if not wordings:
        return [None] * count
    rng = random.Random(f"{seed} wordings {pass_number}")
    return rng.choices([sentence(words) for words in wordings], list(wordings.values()), k=count)
