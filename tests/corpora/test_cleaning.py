import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from ontarget.corpora import cleaning, files
from ontarget.corpora.checks import CleaningStep, Identification
from ontarget.corpora.cleaning import Overlap, cleaned
from ontarget.corpora.corpus import Corpus, Part
from ontarget.errors import UserError
from ontarget.languages import Direction, Language

DE, FR, EN = Language("de"), Language("fr"), Language("en")
ROWS = [("eins", "un"), ("", "deux"), ("eins", "un"), ("drei", "drei"), ("vier", "quatre"), ("x" * 99, "")]
CORPUS = Corpus(
    "mine",
    {
        "train": {DE: [row[0] for row in ROWS], FR: [row[1] for row in ROWS]},
        "test": {DE: ["vier", ""], FR: ["4", ""]},
    },
)
STUB = Identification("stub", lambda texts, language: [float("dr" in text) for text in texts])


def clean(*steps: object, corpus: Corpus = CORPUS, overlap: Overlap = "allow") -> Corpus:
    return cleaned(corpus, [CleaningStep.of(step) for step in steps], overlap, "test", STUB)


def left(corpus: Corpus) -> list[str]:
    return list(corpus.lines("train", FR))


def test_nothing_is_done_where_nothing_is_asked() -> None:
    assert clean() is CORPUS
    assert clean({"too-long": 99}) is CORPUS


def test_a_segment_is_counted_by_the_first_step_that_leaves_it_out() -> None:
    corpus = clean("empty", {"too-long": 50}, "duplicates", "source-is-target")
    assert left(corpus) == ["un", "quatre"]
    assert corpus.lines("train", DE)[1] == "vier"
    assert corpus.left_out == {"train: empty": 2, "train: duplicates": 1, "train: source-is-target": 1}
    assert clean({"too-long": 50}, "empty").left_out == {"train: too-long": 1, "train: empty": 1}


def test_the_identifier_that_is_handed_in_decides() -> None:
    assert left(clean("wrong-language")) == ["un", "deux", "un", "quatre", ""]


def test_test_text_is_never_touched() -> None:
    assert clean("empty").splits["test"] is CORPUS.splits["test"]


def test_a_test_line_in_the_training_data_is_an_error_unless_it_is_allowed_or_left_out() -> None:
    with pytest.raises(
        UserError, match=r"1 train segments have a line of the split 'test', the first in German: 'vier'"
    ):
        clean(overlap="error")
    assert clean(overlap="allow") is CORPUS
    corpus = clean("duplicates", overlap="remove")
    assert corpus.left_out == {"train: duplicates": 1, "train: in the test set": 1}
    assert left(corpus) == ["un", "deux", "drei", ""]  # an empty line is in no test set


def test_no_overlap_is_no_error() -> None:
    apart = Corpus("apart", {"train": {DE: ["a"], FR: ["b"]}, "test": {DE: ["b"], FR: ["a"]}})
    assert clean(corpus=apart, overlap="error") is apart


def test_a_corpus_of_which_nothing_is_left_is_told() -> None:
    with pytest.raises(
        UserError, match=r"'mine': cleaning removes all segments of the split 'train': 6 too-long"
    ):
        clean({"too-long": 0.5})


def test_parts_are_cleaned_apart_and_stay_apart() -> None:
    parts = [
        Part({DE: ["a", ""], EN: ["A", "B"]}, Direction(DE, EN)),
        Part({DE: ["a"], EN: ["A"]}, Direction(EN, DE)),
    ]
    corpus = clean("empty", "duplicates", corpus=Corpus("two", {"train": parts}))
    assert [(list(part.segments()), part.direction) for part in corpus.parts("train")] == [
        ([{DE: "a", EN: "A"}], Direction(DE, EN)),
        ([{DE: "a", EN: "A"}], Direction(EN, DE)),
    ]


def test_more_segments_than_are_looked_at_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = clean("empty", "duplicates")
    monkeypatch.setattr(cleaning, "_AT_ONCE", 2)
    assert left(clean("empty", "duplicates")) == left(whole)
    assert clean("empty", "duplicates").left_out == whole.left_out


def test_what_is_kept_of_text_on_disk_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x").write_text("de\tfr\n" + "".join("\t".join(row) + "\n" for row in ROWS), encoding="utf-8")
    on_disk = files.load("mine", {"train": [str(tmp_path / "x")]}, [DE, FR])
    first = clean("empty", "duplicates", corpus=on_disk)
    monkeypatch.setattr(cleaning, "_clean", lambda *_: pytest.fail("it is remembered"))
    again = clean("empty", "duplicates", corpus=on_disk)
    assert left(first) == left(again) == ["un", "drei", "quatre"]
    assert first.left_out == again.left_out == {"train: empty": 2, "train: duplicates": 1}


def test_what_is_damaged_in_the_cache_is_read_and_cleaned_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONTARGET_CACHE", str(tmp_path / "cache"))
    (tmp_path / "x").write_text("de\tfr\n" + "".join("\t".join(row) + "\n" for row in ROWS), encoding="utf-8")

    def found() -> list[str]:
        corpus = files.load("mine", {"train": [str(tmp_path / "x")]}, [DE, FR])
        return left(clean("empty", "duplicates", corpus=corpus))

    first = found()
    kept = sorted(path for path in (tmp_path / "cache").glob("*/*/*") if path.is_file())
    assert {path.name for path in kept} >= {"0.de.text", "0.de.ends", "contents.json", "counts.json", "0"}
    for path in kept:
        for left_of_it in (0, path.stat().st_size // 2):
            os.truncate(path, left_of_it)
            assert found() == first, path
        path.unlink()
        assert found() == first, path


def test_a_sequence_of_chosen_lines_behaves_as_one() -> None:
    lines: Sequence[str] = clean("empty").lines("train", DE)
    assert (len(lines), lines[-1], lines[1:3], list(lines)) == (
        4,
        "vier",
        ["eins", "drei"],
        ["eins", "eins", "drei", "vier"],
    )
