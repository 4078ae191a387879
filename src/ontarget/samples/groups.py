"""One pass over the data of each kind of stage.

A group is what an optimiser step takes or leaves whole: a sample, and the conflicting samples made from it.
"""

from collections.abc import Callable, Sequence

from ontarget.corpora.corpus import Translation
from ontarget.corpora.instructions import Instruction
from ontarget.languages import Direction, Language
from ontarget.prompts.template import PromptTemplate
from ontarget.samples.conflict import Conflict, conflicting_instructions, conflicting_sample
from ontarget.samples.draw import translation_sample
from ontarget.samples.general import draw_instructions, general_sample, how_many
from ontarget.samples.sample import Sample
from ontarget.samples.wordings import Wordings, draw_wordings

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
    translations: Sequence[Translation],
    template: PromptTemplate,
    *,
    post_instruction: bool = False,
    wordings: Wordings | None = None,
    seed: int = 0,
) -> Draw:
    """Stage 1: translations by likelihood."""

    def draw(pass_number: int) -> list[Group]:
        worded = draw_wordings(wordings or {}, len(translations), seed, pass_number)
        return [
            (translation_sample(t, template, post_instruction=post_instruction, worded=words),)
            for t, words in zip(translations, worded, strict=True)
        ]

    return draw


def language_aware_groups(
    translations: Sequence[Translation],
    template: PromptTemplate,
    conflict: Conflict,
    languages: Sequence[Language],
    supervised: Sequence[Direction],
    seed: int,
    wordings: Wordings | None = None,
) -> Draw:
    """Stage 2: each translation by likelihood, with a conflicting twin in the same words by unlikelihood."""

    def draw(pass_number: int) -> list[Group]:
        wrong = conflicting_instructions(translations, conflict, languages, supervised, seed, pass_number)
        worded = draw_wordings(wordings or {}, len(translations), seed, pass_number)
        groups: list[Group] = []
        for t, instruction, words in zip(translations, wrong, worded, strict=True):
            group: Group = (translation_sample(t, template, worded=words),)
            if instruction is not None:
                group += (conflicting_sample(t, instruction, conflict, template, words),)
            groups.append(group)
        return groups

    return draw


def with_general(
    draw: Draw, instructions: Sequence[Instruction], ratio: float, template: PromptTemplate, seed: int
) -> Draw:
    """Either stage, with general instructions by likelihood: the share `ratio` of all positive samples."""

    def mixed(pass_number: int) -> list[Group]:
        groups = list(draw(pass_number))
        drawn = draw_instructions(instructions, how_many(len(groups), ratio), seed, pass_number)
        return groups + [(general_sample(instruction, template),) for instruction in drawn]

    return mixed
