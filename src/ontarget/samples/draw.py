"""Which translations a stage learns from."""

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
    """Every direction with the pivot as a side: what stage 1 is tuned on."""
    others = [language for language in languages if language != pivot]
    return [d for other in others for d in (Direction(pivot, other), Direction(other, pivot))]


def zero_shot_directions(languages: Sequence[Language], pivot: Language) -> list[Direction]:
    """Every direction without the pivot: what no stage is tuned on."""
    others = [language for language in languages if language != pivot]
    return [Direction(source, target) for source in others for target in others if source != target]


class Drawn(Lazy[Translation]):
    """Translations by their numbers, 4 bytes each; one is read from its corpus when it is asked for."""

    def __init__(self, pairs: Sequence[Pairs], numbers: "array[int]") -> None:
        """`numbers` count through the pairs of one direction after the other."""
        self._pairs, self._numbers = pairs, numbers
        self._ends = list(accumulate(map(len, pairs)))

    def __len__(self) -> int:
        return len(self._numbers)

    def _item(self, number: int) -> Translation:
        of, place = locate(self._ends, self._numbers[number])
        return self._pairs[of][place]

    def directions(self) -> list[Direction]:
        """Of each its direction, without reading a line."""
        names = [pairs.direction for pairs in self._pairs]
        return [names[locate(self._ends, number)[0]] for number in self._numbers]


def draw_translations(corpus: Corpus, directions: Sequence[Direction], count: int | None, seed: int) -> Drawn:
    """Draws `count` translations of the train split (None: all), as many of each direction, or one more.

    Lines are drawn without repetition within a direction, all of them where the corpus has fewer.
    """
    rng = random.Random(f"{seed} draw")
    all_pairs, drawn, first = [corpus.pairs("train", direction) for direction in directions], array("I"), 0
    for pairs, share in zip(all_pairs, _shares(all_pairs, count), strict=True):
        drawn.extend(first + number for number in _sample(rng, len(pairs), share))
        first += len(pairs)
    rng.shuffle(drawn)
    return Drawn(all_pairs, drawn)


def directions_of(translations: Sequence[Translation]) -> list[Direction]:
    """Of each its direction."""
    if isinstance(translations, Drawn):
        return translations.directions()
    return [translation.direction for translation in translations]


def _shares(all_pairs: Sequence[Pairs], count: int | None) -> list[int]:
    if count is None:
        return list(map(len, all_pairs))
    share, more = divmod(count, len(all_pairs))
    return [min(share + (number < more), len(pairs)) for number, pairs in enumerate(all_pairs)]


def _sample(rng: random.Random, population: int, count: int) -> Sequence[int]:
    """What `rng.sample(range(population), count)` gives; of all, in 4 bytes each and not 48."""
    if count < population:
        return rng.sample(range(population), count)
    numbers = array("I", range(population))
    rng.shuffle(numbers)
    numbers.reverse()
    rng.randrange(1)  # `sample` draws the last one, too
    return numbers


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
