from ontarget.corpora.corpus import Translation
from ontarget.languages import Direction
from ontarget.pipeline.planning.inputs import load_corpus
from ontarget.pipeline.planning.tuned_on import _single_sentences, tuned_on
from ontarget.recipes.loading import load


def test_the_record_of_a_stage() -> None:
    recipe = load("phrasebook-tiny", {})
    corpus = load_corpus(recipe)
    of_mt = tuned_on(recipe, "mt", corpus)
    assert of_mt["languages"] == ["en", "it", "nl", "ro"]
    assert "en-it" in of_mt["directions"]
    assert "it-nl" not in of_mt["directions"]
    assert of_mt["single_sentences"] is True
    assert tuned_on(recipe, "base", corpus)["single_sentences"] is False  # it was not tuned to translate


class Lines:
    """A corpus with lines of one or two sentences."""

    def __init__(self, several: int) -> None:
        self.lines = ["Guten Tag. Wie geht es?"] * several + ["Guten Tag."] * (100 - several)

    def translations(self, split: str, direction: Direction, limit: int) -> list[Translation]:
        return [Translation(line, "x", direction) for line in self.lines[:limit]]


def test_lines_of_several_sentences_are_noticed() -> None:
    direction = [Direction.parse("de-fr")]
    assert _single_sentences(Lines(3), direction)  # type: ignore[arg-type]
    assert not _single_sentences(Lines(4), direction)  # type: ignore[arg-type]
    assert not _single_sentences(Lines(0), [])  # type: ignore[arg-type]
