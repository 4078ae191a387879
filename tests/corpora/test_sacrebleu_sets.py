import gzip
import urllib.error
from pathlib import Path

import pytest
import sacrebleu.utils

from ontarget.corpora.sacrebleu_sets import directions, read
from ontarget.errors import UserError
from ontarget.languages import Direction, Language


def parse(text: str) -> list[Direction]:
    return [Direction.parse(word) for word in text.split()]


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as sacreBLEU keeps a test set once it has been fetched."""
    (tmp_path / "de-fr.de").write_text("eins\nzwei\n")
    (tmp_path / "de-fr.fr").write_text("un\ndeux\n")
    monkeypatch.setattr(sacrebleu.utils, "get_source_file", lambda name, pair: str(tmp_path / f"{pair}.de"))
    monkeypatch.setattr(
        sacrebleu.utils, "get_reference_files", lambda name, pair: [str(tmp_path / f"{pair}.fr"), "B"]
    )
    return tmp_path


def test_what_a_test_set_has() -> None:
    there = directions("wmt22")
    assert set(parse("en-cs de-fr fr-de ja-en uk-en")) <= set(there)
    assert directions("multi30k/2016")


def test_the_directions_that_it_has_are_read_with_the_first_reference(kept: Path) -> None:
    [part] = read("wmt22", parse("de-fr it-nl"))
    assert part.direction == Direction.parse("de-fr")
    assert part.lines == {Language("de"): ["eins", "zwei"], Language("fr"): ["un", "deux"]}


def test_none_of_the_directions(kept: Path) -> None:
    with pytest.raises(UserError, match=r"'wmt22' has none of the directions asked for; it has .*de-fr"):
        read("wmt22", parse("it-nl nl-it"))


def test_an_unknown_test_set() -> None:
    with pytest.raises(UserError, match="sacreBLEU has no test set 'wmt2'; did you mean 'wmt2"):
        read("wmt2", parse("de-fr"))


def test_sides_that_are_not_aligned(kept: Path) -> None:
    (kept / "de-fr.fr").write_text("un\n")
    with pytest.raises(UserError, match=r"\(de-fr\) has 2 sources, 1 references"):
        read("wmt22", parse("de-fr"))


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (urllib.error.URLError("Connection refused"), "Connection refused"),
        (EOFError(), "what came is broken"),
        (gzip.BadGzipFile("not a gzip file"), "not a gzip file"),
        (SystemExit(1), "what came is broken"),  # its answer to a wrong checksum
    ],
)
def test_a_test_set_that_cannot_be_fetched(
    monkeypatch: pytest.MonkeyPatch, error: BaseException, reason: str
) -> None:
    def fail(name: str, pair: str) -> str:
        raise error

    monkeypatch.setattr(sacrebleu.utils, "get_source_file", fail)
    with pytest.raises(UserError, match=f"could not bring 'wmt22' .de-fr.: .*{reason}.*Remove .*wmt22'"):
        read("wmt22", parse("de-fr"))
