"""Test text out of the train split."""

import random
from pathlib import Path

import pytest

from ontarget.corpora import files
from ontarget.corpora.checks import Identification
from ontarget.corpora.cleaning import cleaned
from ontarget.corpora.corpus import Corpus, Part
from ontarget.corpora.held_out import held_out
from ontarget.errors import UserError
from ontarget.languages import Direction, Language

DE, FR, EN = Language("de"), Language("fr"), Language("en")
GERMAN = [f"Satz {number}" for number in range(40)]
FRENCH = [f"phrase {number}" for number in range(40)]
PARTS = [
    Part({DE: GERMAN, FR: FRENCH}),
    Part({DE: GERMAN[:9], EN: GERMAN[:9]}, Direction(DE, EN)),
]
NOBODY = Identification("nobody", lambda texts, language: [0.0] * len(texts))


def segments(corpus: Corpus, split: str) -> list[list[tuple[str, ...]]]:
    return [list(zip(*part.lines.values(), strict=True)) for part in corpus.parts(split)]


def test_each_part_gives_so_many_segments_and_loses_them() -> None:
    corpus = held_out(Corpus("mine", {"train": PARTS, "test": {DE: ["alt"]}}), {"validation": 2, "test": 5})
    for number, part in enumerate(PARTS):
        train, validation, test = (
            segments(corpus, split)[number] for split in ("train", "validation", "test")
        )
        assert (len(validation), len(test)) == (2, 5)
        every = list(zip(*part.lines.values(), strict=True))
        assert sorted(train + validation + test) == sorted(every)
        for of_split in (train, validation, test):
            assert of_split == [segment for segment in every if segment in of_split], "in their order"
        assert corpus.parts("test")[number].direction == part.direction


def test_the_draw_is_of_the_text_not_of_its_order_and_takes_none_twice() -> None:
    rows = list(zip(GERMAN, FRENCH, strict=True)) * 2
    drawn = []
    for seed in (1, 2):
        random.Random(seed).shuffle(rows)
        german, french = map(list, zip(*rows, strict=True))
        corpus = held_out(Corpus("mine", {"train": {DE: german, FR: french}}), {"test": 10})
        [test], [train] = segments(corpus, "test"), segments(corpus, "train")
        assert len(set(test)) == len(test) == 10
        assert set(test) < set(train), "the other copies are for `overlap` to say"
        with pytest.raises(UserError, match="10 train segments have a line of the split 'test'"):
            cleaned(corpus, (), "error", "test", NOBODY)
        [train] = segments(cleaned(corpus, (), "remove", "test", NOBODY), "train")
        assert set(test).isdisjoint(train)
        drawn.append(sorted(test))
    assert drawn[0] == drawn[1]
    assert drawn[0] != sorted(zip(GERMAN[:10], FRENCH[:10], strict=True))


def test_more_than_there_is_is_told() -> None:
    with pytest.raises(
        UserError, match=r"moves 9 segments from each part .* corpus 'mine', but the part in de en has 9"
    ):
        held_out(Corpus("mine", {"train": PARTS}), {"test": 9})
    with pytest.raises(UserError, match="corpus 'mine' has no split 'train' to take text from"):
        held_out(Corpus("mine", {"test": PARTS}), {"test": 9})


def test_text_on_disk_is_known_by_what_was_taken_of_it(tmp_path: Path) -> None:
    rows = "".join(f"{german}\t{french}\n" for german, french in zip(GERMAN, FRENCH, strict=True))
    (tmp_path / "x").write_text(f"de\tfr\n{rows}{rows}", encoding="utf-8")
    on_disk = files.load("mine", {"train": [str(tmp_path / "x")]}, [DE, FR])
    for number in (10, 4):  # what was remembered of the first is nothing to the second
        corpus = cleaned(held_out(on_disk, {"test": number}), (), "remove", "test", NOBODY)
        assert corpus.left_out == {"train: in the test set": number}
        assert len(corpus.lines("train", DE)) == 80 - 2 * number
