"""What a model itself answered in a wrong language, unlearnt as the answer to what it was asked for."""

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
class WrongAnswer:
    """An answer whose text is in `language` (None: one not known here), not in the one asked for."""

    answer: Translation
    language: Language | None


def wrong_answer_sample(wrong: WrongAnswer, template: PromptTemplate) -> Sample:
    """The sample that unlearns an answer: its first token that tells the language."""
    answer = wrong.answer
    copied = wrong.language == answer.direction.source
    return Sample(
        prompt=template.render(answer.source, answer.direction),
        response=answer.target,
        sign=-1,
        weighting=Weighting("first"),
        eos=False,
        asked=answer.direction.target,
        produced=wrong.language,
        # A word of the source is no name where all of the answer is in its language.
        source="" if copied else answer.source,
    )


def with_wrong_answers(draw: Draw, wrong: Sequence[WrongAnswer], template: PromptTemplate, seed: int) -> Draw:
    """Positives, each with a wrong answer beside it as far as they go; where those are more, with several.

    Which stands with which is drawn anew for each pass.
    """

    def mixed(pass_number: int) -> list[tuple[Sample, ...]]:
        groups = list(draw(pass_number))
        samples = [wrong_answer_sample(answer, template) for answer in wrong]
        random.Random(f"{seed} wrong {pass_number}").shuffle(samples)
        for number, sample in enumerate(samples):
            groups[number % len(groups)] += (sample,)
        return groups

    return mixed
