"""One pass over the data of each kind of stage.

A group is what an optimiser step takes or leaves whole: a sample, and the conflicting samples made from it.
"""

from collections.abc import Callable, Sequence

from ontarget.corpora.corpus import Translation
from ontarget.languages import Direction, Language
from ontarget.prompts.template import PromptTemplate
from ontarget.samples.conflict import Conflict, conflicting_instructions, conflicting_sample
from ontarget.samples.draw import translation_sample
from ontarget.samples.sample import Sample

Group = tuple[Sample, ...]
Draw = Callable[[int], Sequence[Group]]  # pass number, from 0 -> the groups of that pass


def document_groups(documents: Callable[[int], Sequence[str]]) -> Draw:
    """Language modelling: every token of a document is learnt, after nothing.

    `documents`: pass number -> its text.
    """
    return lambda pass_number: [
        (Sample(prompt=(), response=document),) for document in documents(pass_number)
    ]


def translation_groups(
    translations: Sequence[Translation], template: PromptTemplate, *, post_instruction: bool = False
) -> Draw:
    """Stage 1: translations by likelihood."""
    groups = [(translation_sample(t, template, post_instruction=post_instruction),) for t in translations]
    return lambda _: groups


def language_aware_groups(
    translations: Sequence[Translation],
    template: PromptTemplate,
    conflict: Conflict,
    languages: Sequence[Language],
    supervised: Sequence[Direction],
    seed: int,
) -> Draw:
    """Stage 2: each translation by likelihood, with a conflicting twin by unlikelihood."""

    def draw(pass_number: int) -> list[Group]:
        wrong = conflicting_instructions(translations, conflict, languages, supervised, seed, pass_number)
        return [
            (translation_sample(t, template), conflicting_sample(t, instruction, conflict, template))
            for t, instruction in zip(translations, wrong, strict=True)
        ]

    return draw
