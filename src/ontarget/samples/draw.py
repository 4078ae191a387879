"""Which translations a stage learns from."""

import random
from collections.abc import Sequence

from ontarget.corpora.corpus import Corpus, Translation
from ontarget.languages import Direction, Language
from ontarget.prompts.template import PromptTemplate
from ontarget.samples.sample import Sample


def supervised_directions(languages: Sequence[Language], pivot: Language) -> list[Direction]:
    """Every direction with the pivot as a side: what stage 1 is tuned on."""
    others = [language for language in languages if language != pivot]
    return [d for other in others for d in (Direction(pivot, other), Direction(other, pivot))]


def zero_shot_directions(languages: Sequence[Language], pivot: Language) -> list[Direction]:
    """Every direction without the pivot: what no stage is tuned on."""
    others = [language for language in languages if language != pivot]
    return [Direction(source, target) for source in others for target in others if source != target]


def draw_translations(
    corpus: Corpus, directions: Sequence[Direction], count: int, seed: int, split: str = "train"
) -> list[Translation]:
    """Draws `count` translations, as many of each direction as of any other (one more for the first few).

    Lines are drawn without repetition within a direction, all of them where the corpus has fewer.
    """
    rng = random.Random(f"{seed} draw")
    drawn = []
    for number, direction in enumerate(directions):
        pairs = corpus.pairs(split, direction)
        share = count // len(directions) + (number < count % len(directions))
        drawn += rng.sample(pairs, min(share, len(pairs)))
    rng.shuffle(drawn)
    return drawn


def translation_sample(
    translation: Translation,
    template: PromptTemplate,
    *,
    post_instruction: bool = False,
    worded: str | None = None,
) -> Sample:
    """The sample that teaches one translation: the instruction asks for what the response is."""
    return Sample(
        prompt=template.render(
            translation.source, translation.direction, post_instruction=post_instruction, worded=worded
        ),
        response=translation.target,
        asked=translation.direction.target,
        produced=translation.direction.target,
        source=translation.source,
    )
