"""Draws the translations that a stage trains on."""

import random
from array import array
from collections.abc import Sequence
from itertools import accumulate

from ontarget.corpora.corpus import Corpus, Pairs, Translation
from ontarget.corpora.lazy import Lazy, locate
from ontarget.languages import Direction, Language
from ontarget.prompts.template import PromptTemplate
from ontarget.samples.sample import Sample


def supervised_directions(languages: Sequence[Language], pivot: Language) -> list[Direction]:
    """Every direction from or into the pivot; stage 1 trains on these."""
    others = [language for language in languages if language != pivot]
    return [d for other in others for d in (Direction(pivot, other), Direction(other, pivot))]


def zero_shot_directions(languages: Sequence[Language], pivot: Language) -> list[Direction]:
    """Every direction without the pivot; no stage trains on these."""
    others = [language for language in languages if language != pivot]
    return [Direction(source, target) for source in others for target in others if source != target]


class Drawn(Lazy[Translation]):
    """Translations by their numbers, 4 bytes each; their text is read from the corpus on access."""

    def __init__(self, pairs: Sequence[Pairs], numbers: "array[int]") -> None:
        """`numbers` are counted over the pairs of all directions, one direction after the other."""
        self._pairs, self._numbers = pairs, numbers
        self._ends = list(accumulate(map(len, pairs)))

    def __len__(self) -> int:
        return len(self._numbers)

    def _item(self, number: int) -> Translation:
        of, place = locate(self._ends, self._numbers[number])
        return self._pairs[of][place]

    def directions(self) -> list[Direction]:
        """The direction of each translation, without reading its text."""
        names = [pairs.direction for pairs in self._pairs]
        return [names[locate(self._ends, number)[0]] for number in self._numbers]


def draw_translations(corpus: Corpus, directions: Sequence[Direction], count: int | None, seed: int) -> Drawn:
    """Draws `count` translations of the train split (None: all), distributed evenly over the directions.

    Lines are drawn without repetition within a direction; all are taken if the corpus has fewer.
    """
    rng = random.Random(f"{seed} draw")
    all_pairs, drawn, first = [corpus.pairs("train", direction) for direction in directions], array("I"), 0
    for pairs, share in zip(all_pairs, _shares(all_pairs, count), strict=True):
        drawn.extend(first + number for number in _sample(rng, len(pairs), share))
        first += len(pairs)
    rng.shuffle(drawn)
    return Drawn(all_pairs, drawn)


def directions_of(translations: Sequence[Translation]) -> list[Direction]:
    """The direction of each translation."""
    if isinstance(translations, Drawn):
        return translations.directions()
    return [translation.direction for translation in translations]


def _shares(all_pairs: Sequence[Pairs], count: int | None) -> list[int]:
    if count is None:
        return list(map(len, all_pairs))
    share, more = divmod(count, len(all_pairs))
    return [min(share + (number < more), len(pairs)) for number, pairs in enumerate(all_pairs)]


def _sample(rng: random.Random, population: int, count: int) -> Sequence[int]:
    """The same as `rng.sample(range(population), count)`, but all numbers take 4 bytes each instead of 48."""
    if count < population:
        return rng.sample(range(population), count)
    numbers = array("I", range(population))
    rng.shuffle(numbers)
    numbers.reverse()
    rng.randrange(1)  # `sample` also draws for the last number
    return numbers


def translation_sample(
    translation: Translation,
    template: PromptTemplate,
    *,
    post_instruction: bool = False,
    worded: str | None = None,
) -> Sample:
    """The sample that teaches one translation: the instruction matches the response."""
    return Sample(
        prompt=template.render(
            translation.source, translation.direction, post_instruction=post_instruction, worded=worded
        ),
        response=translation.target,
        asked=translation.direction.target,
        produced=translation.direction.target,
        source=translation.source,
    )
