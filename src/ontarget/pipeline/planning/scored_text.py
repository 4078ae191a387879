"""The texts that all systems of a recipe translate and are scored on: its test set, and its second test."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ontarget.corpora import everyday
from ontarget.corpora.corpus import Corpus, Translation
from ontarget.languages import Direction
from ontarget.pipeline.planning.inputs import test_set
from ontarget.recipes.schema.recipe import Recipe


@dataclass(frozen=True, slots=True)
class ScoredText:
    """A text with references.

    Attributes:
        name: the name of a second test, and of the folder for its results; empty for the recipe's test set.
        kinds: `zero-shot` and `supervised` -> their directions.
        pairs: gives the lines of a direction.
    """

    name: str
    kinds: Mapping[str, Sequence[Direction]]
    pairs: Callable[[Direction], Sequence[Translation]]

    @property
    def directions(self) -> list[Direction]:
        """All its directions: zero-shot, then supervised."""
        return [direction for of_kind in self.kinds.values() for direction in of_kind]


def own_test(recipe: Recipe, corpus: Corpus) -> ScoredText:
    """The test set of a recipe, in all its directions."""
    kinds = {"zero-shot": recipe.zero_shot, "supervised": recipe.supervised}
    return ScoredText("", kinds, lambda direction: test_set(recipe, corpus, direction))


def second_test(recipe: Recipe) -> ScoredText | None:
    """The second test of a recipe; None if it has none, or no text in the recipe's directions.

    Its directions are the zero-shot ones that it has text for, or the supervised ones if the recipe has no
    others: the second test shows whether a cure holds on other text, and supervised directions would double
    its time.
    """
    if recipe.second_test is None:
        return None
    corpus = everyday.load()
    kind, wanted = ("zero-shot", recipe.zero_shot) if recipe.zero_shot else ("supervised", recipe.supervised)
    there = [d for d in wanted if any(part.serves(d) for part in corpus.parts("test"))]
    if not there:
        return None
    return ScoredText(recipe.second_test, {kind: there}, lambda d: corpus.translations("test", d))
