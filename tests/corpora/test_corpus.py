import pytest

from ontarget.corpora.corpus import Corpus, Part, Translation, without_line_breaks
from ontarget.errors import UserError
from ontarget.languages import Direction, Language

DE, FR, EN = Language("de"), Language("fr"), Language("en")
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
    with pytest.raises(ValueError, match=r"2 lines of de, 1 of fr"):
        crooked.translations("train", Direction(DE, FR))


PAIRWISE = Corpus(
    "pairwise",
    {
        "train": [
            Part({DE: ["eins", "zwei"], EN: ["one", "two"]}),
            Part({FR: ["trois"], EN: ["three"]}),
            Part({EN: ["four"], DE: ["vier"]}, Direction(EN, DE)),
        ]
    },
)


def test_parts_are_not_aligned_with_each_other() -> None:
    assert [t.target for t in PAIRWISE.translations("train", Direction(FR, EN))] == ["three"]
    with pytest.raises(UserError, match=r"no text from German to French \(de-fr\) in its split 'train'"):
        PAIRWISE.pairs("train", Direction(DE, FR))


def test_a_part_of_one_direction_serves_it_alone() -> None:
    assert [t.source for t in PAIRWISE.pairs("train", Direction(EN, DE))] == ["one", "two", "four"]
    assert [t.source for t in PAIRWISE.pairs("train", Direction(DE, EN))] == ["eins", "zwei"]


def test_lines_go_through_all_parts() -> None:
    english = PAIRWISE.lines("train", EN)
    assert list(english) == ["one", "two", "three", "four"]
    assert (len(english), english[2], english[-1], english[1:3]) == (4, "three", "four", ["two", "three"])
    with pytest.raises(IndexError):
        _ = english[4]


def test_pairs_are_drawn_by_index() -> None:
    pairs = PAIRWISE.pairs("train", Direction(EN, DE))
    assert (len(pairs), pairs[2]) == (3, Translation("four", "vier", Direction(EN, DE)))
    assert pairs[1:] == [pairs[1], pairs[2]]


def test_a_direction_that_is_missing_is_told_with_what_there_is() -> None:
    with pytest.raises(UserError, match=r"it has train: de en, fr en, en-de$"):
        PAIRWISE.pairs("train", Direction(DE, FR))


def test_segments_are_whole() -> None:
    assert list(PAIRWISE.parts("train")[0].segments()) == [{DE: "eins", EN: "one"}, {DE: "zwei", EN: "two"}]


def test_text_in_memory_is_one_line_a_segment_and_counted_once() -> None:
    given = Part({DE: ["a\nb", "c ", "\n"], FR: ["d\u2028", " e", "f"]}, Direction(DE, FR))
    [part], broken = without_line_breaks([given])
    assert part == Part({DE: ["a b", "c ", ""], FR: ["d", " e", "f"]}, Direction(DE, FR))
    assert broken == 2
