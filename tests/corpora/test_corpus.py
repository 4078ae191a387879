import pytest

from ontarget.corpora.corpus import Corpus, Translation
from ontarget.errors import UserError
from ontarget.languages import Direction, Language

DE, FR = Language("de"), Language("fr")
CORPUS = Corpus("mine", {"train": {DE: ["eins", "zwei"], FR: ["un", "deux"]}, "test": {DE: ["drei"]}})


def test_translations_are_aligned_in_file_order() -> None:
    direction = Direction(FR, DE)
    assert CORPUS.translations("train", direction) == [
        Translation("un", "eins", direction),
        Translation("deux", "zwei", direction),
    ]


def test_limit_takes_the_first() -> None:
    assert [t.source for t in CORPUS.translations("train", Direction(DE, FR), 1)] == ["eins"]
    assert len(CORPUS.translations("train", Direction(DE, FR), 99)) == 2
    assert CORPUS.translations("train", Direction(DE, FR), 0) == []


@pytest.mark.parametrize("split", ["test", "validation"])
def test_what_a_split_lacks_is_told_with_what_there_is(split: str) -> None:
    with pytest.raises(
        UserError, match=rf"no French \(fr\) in its split '{split}'; it has train: de fr, test: de"
    ):
        CORPUS.lines(split, FR)


def test_lines_that_are_not_aligned_never_pass_silently() -> None:
    crooked = Corpus("crooked", {"train": {DE: ["eins", "zwei"], FR: ["un"]}})
    with pytest.raises(ValueError, match="zip"):
        crooked.translations("train", Direction(DE, FR))
