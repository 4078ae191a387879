"""Mixes general instructions into the translations, so that a model keeps its other abilities."""

import random
from collections.abc import Sequence

from ontarget.corpora.instructions import Instruction
from ontarget.prompts.template import PromptTemplate
from ontarget.samples.sample import Sample


def how_many(translations: int, ratio: float) -> int:
    """Number of general instructions that are the share `ratio` of all samples, given the translations."""
    return round(translations * ratio / (1 - ratio))


def draw_instructions(
    instructions: Sequence[Instruction], count: int, seed: int, pass_number: int
) -> list[Instruction]:
    """Draws `count` instructions anew for each pass; their numbers of occurrences differ by at most one."""
    rng = random.Random(f"{seed} general {pass_number}")
    rounds, rest = divmod(count, len(instructions))
    return [*instructions] * rounds + rng.sample(list(instructions), rest)


def general_sample(instruction: Instruction, template: PromptTemplate) -> Sample:
    """The sample that teaches the output for a general instruction."""
    return Sample(
        prompt=template.render_general(instruction.instruction, instruction.input),
        response=instruction.output,
        source=instruction.instruction,
    )
