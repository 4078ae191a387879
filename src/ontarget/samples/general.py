"""General instructions among the translations, so that a model keeps what else it can do."""

import random
from collections.abc import Sequence

from ontarget.corpora.instructions import Instruction
from ontarget.prompts.template import PromptTemplate
from ontarget.samples.sample import Sample


def how_many(translations: int, ratio: float) -> int:
    """How many general instructions make up the share `ratio` of all samples, with so many translations."""
    return round(translations * ratio / (1 - ratio))


def draw_instructions(
    instructions: Sequence[Instruction], count: int, seed: int, pass_number: int
) -> list[Instruction]:
    """`count` of them, drawn anew for each pass; each as often as any other, or once more."""
    rng = random.Random(f"{seed} general {pass_number}")
    rounds, rest = divmod(count, len(instructions))
    return [*instructions] * rounds + rng.sample(list(instructions), rest)


def general_sample(instruction: Instruction, template: PromptTemplate) -> Sample:
    """The sample that teaches the answer to a general instruction."""
    return Sample(
        prompt=template.render_general(instruction.instruction, instruction.input),
        response=instruction.output,
        source=instruction.instruction,
    )
