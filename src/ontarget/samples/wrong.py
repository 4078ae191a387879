"""Samples that unlearn a model's own outputs in a wrong language."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from ontarget.corpora.corpus import Translation
from ontarget.languages import Language
from ontarget.prompts.template import PromptTemplate
from ontarget.samples.groups import Draw
from ontarget.samples.sample import Sample
from ontarget.samples.weighting import Weighting


@dataclass(frozen=True, slots=True)
class WrongOutput:
    """An output in `language` (None: not a language of the recipe) instead of the requested one."""

    translation: Translation
    language: Language | None


def wrong_output_sample(wrong: WrongOutput, template: PromptTemplate) -> Sample:
    """The sample that unlearns the first token of an output that shows its language."""
    output = wrong.translation
    copied = wrong.language == output.direction.source
    return Sample(
        prompt=template.render(output.source, output.direction),
        response=output.target,
        sign=-1,
        weighting=Weighting("first"),
        eos=False,
        asked=output.direction.target,
        produced=wrong.language,
        # If the whole output is in the source language, words of the source are not names.
        source="" if copied else output.source,
    )


def with_wrong_outputs(draw: Draw, wrong: Sequence[WrongOutput], template: PromptTemplate, seed: int) -> Draw:
    """Adds the wrong outputs evenly to the groups of positive samples; each pass draws a new pairing."""

    def mixed(pass_number: int) -> list[tuple[Sample, ...]]:
        groups = list(draw(pass_number))
        samples = [wrong_output_sample(output, template) for output in wrong]
        random.Random(f"{seed} wrong {pass_number}").shuffle(samples)
        for number, sample in enumerate(samples):
            groups[number % len(groups)] += (sample,)
        return groups

    return mixed
