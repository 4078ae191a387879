"""The samples of one pass over the data, in groups, for each kind of stage.

A group is never split between optimiser steps: it is a sample with the conflicting samples made from it.
"""

from collections.abc import Callable, Sequence

from ontarget.corpora.corpus import Translation
from ontarget.corpora.instructions import Instruction
from ontarget.corpora.lazy import Lazy
from ontarget.languages import Direction, Language
from ontarget.prompts.template import PromptTemplate
from ontarget.samples.conflict import Conflict, conflicting_instructions, conflicting_sample
from ontarget.samples.draw import directions_of, translation_sample
from ontarget.samples.general import draw_instructions, general_sample, how_many
from ontarget.samples.sample import Sample
from ontarget.samples.wordings import Wordings, draw_wordings

Group = tuple[Sample, ...]
Draw = Callable[[int], Sequence[Group]]  # pass number, from 0 -> the groups of that pass


class Groups(Lazy[Group]):
    """Groups that are made on access, so that a pass over millions of samples needs little memory."""

    def __init__(self, count: int, make: Callable[[int], Group]) -> None:
        self._count, self._make = count, make

    def __len__(self) -> int:
        return self._count

    def _item(self, number: int) -> Group:
        return self._make(number)


def document_groups(documents: Callable[[int], Sequence[str]]) -> Draw:
    """Pretraining: learns every token of a document, without a prompt.

    Args:
        documents: a function from the number of a pass to its documents.
    """

    def draw(pass_number: int) -> Groups:
        read = documents(pass_number)
        return Groups(len(read), lambda number: (Sample(prompt=(), response=read[number]),))

    return draw


def translation_groups(
    translations: Sequence[Translation],
    template: PromptTemplate,
    *,
    post_instruction: bool = False,
    wordings: Wordings | None = None,
    seed: int = 0,
) -> Draw:
    """Supervised fine-tuning (stage 1): translations by likelihood."""

    def draw(pass_number: int) -> Groups:
        worded = draw_wordings(wordings or {}, len(translations), seed, pass_number)

        def group(number: int) -> Group:
            return (
                translation_sample(
                    translations[number], template, post_instruction=post_instruction, worded=worded[number]
                ),
            )

        return Groups(len(translations), group)

    return draw


def language_aware_groups(
    translations: Sequence[Translation],
    template: PromptTemplate,
    conflict: Conflict,
    languages: Sequence[Language],
    supervised: Sequence[Direction],
    seed: int,
    wordings: Wordings | None = None,
    *,
    post_instruction: bool = False,
) -> Draw:
    """Language-aware tuning (stage 2): translations by likelihood, conflicting pairs by unlikelihood."""

    def draw(pass_number: int) -> Groups:
        right = directions_of(translations)
        wrong = conflicting_instructions(right, conflict, languages, supervised, seed, pass_number)
        worded = draw_wordings(wordings or {}, len(translations), seed, pass_number)

        def group(number: int) -> Group:
            translation, instruction, words = translations[number], wrong[number], worded[number]
            after = {"post_instruction": post_instruction}
            sample = translation_sample(translation, template, worded=words, **after)
            if instruction is None:
                return (sample,)
            return sample, conflicting_sample(translation, instruction, conflict, template, words, **after)

        return Groups(len(translations), group)

    return draw


def with_general(
    draw: Draw, instructions: Sequence[Instruction], ratio: float, template: PromptTemplate, seed: int
) -> Draw:
    """Adds general instructions by likelihood, as the share `ratio` of all positive samples."""

    def mixed(pass_number: int) -> Groups:
        groups = draw(pass_number)
        drawn = draw_instructions(instructions, how_many(len(groups), ratio), seed, pass_number)

        def group(number: int) -> Group:
            if number < len(groups):
                return groups[number]
            return (general_sample(drawn[number - len(groups)], template),)

        return Groups(len(groups) + len(drawn), group)

    return mixed
