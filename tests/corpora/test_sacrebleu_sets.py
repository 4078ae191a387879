import gzip
import urllib.error
import urllib.request
from pathlib import Path

import pytest
import sacrebleu.utils
from sacrebleu import dataset

from ontarget.corpora.sacrebleu_sets import directions, load, read, read_test_set, sets_of
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


def test_as_a_corpus_its_segments_are_one_line_each(kept: Path) -> None:
    (kept / "de-fr.de").write_text("eins\nzwei\x85 drei\n", encoding="utf-8")
    corpus = load({"test": "wmt22"}, {"test": parse("de-fr")})
    assert corpus.lines("test", Language("de")) == ["eins", "zwei drei"]
    assert corpus.line_breaks == {"test": 1}


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of sacreBLEU, and no network."""

    def refused(url: str) -> None:
        raise urllib.error.URLError("Network is unreachable")

    monkeypatch.setattr(sacrebleu.utils, "SACREBLEU_DIR", str(tmp_path))
    for name in ("wmt17", "wmt22"):
        monkeypatch.setattr(dataset.DATASETS[name], "_outdir", str(tmp_path / name))
        monkeypatch.setattr(dataset.DATASETS[name], "_rawdir", str(tmp_path / name / "raw"))
    monkeypatch.setattr(urllib.request, "urlopen", refused)
    return tmp_path


def test_what_sacrebleu_keeps_is_read_with_all_references(offline: Path) -> None:
    (offline / "wmt17").mkdir()
    for field in dataset.DATASETS["wmt17"].fieldnames("de-en"):
        (offline / "wmt17" / f"wmt17.de-en.{field}").write_text(f"{field} 1\n{field} 2\n", encoding="utf-8")
    source, references = read_test_set("wmt17", Direction.parse("de-en"))
    assert (source, references) == (["src 1", "src 2"], [["ref 1", "ref 2"]])


def test_offline_it_says_where_the_test_set_would_be(offline: Path) -> None:
    with pytest.raises(UserError, match=f"'wmt22' .de-fr.: .*unreachable.*'{offline / 'wmt22'}'.*copy it"):
        read_test_set("wmt22", Direction.parse("de-fr"))


def test_a_direction_that_it_lacks() -> None:
    with pytest.raises(UserError, match=r"wmt22 has no direction it-nl; it has cs-en .*de-fr"):
        read_test_set("wmt22", Direction.parse("it-nl"))


def test_a_path_names_one_direction_or_all_between_the_languages() -> None:
    languages = [Language(code) for code in ("en", "cs", "it")]
    assert sets_of("wmt22/en-cs", languages) == ("wmt22", parse("en-cs"))
    assert sets_of("wmt22", languages) == ("wmt22", parse("en-cs cs-en"))
    assert sets_of("wmt20/tworefs/de-en", languages) == ("wmt20/tworefs", parse("de-en"))
    assert sets_of("multi30k/2016", languages)[0] == "multi30k/2016"
    with pytest.raises(UserError, match=r"'wmt22' has no it-en; it has .*en-cs"):
        sets_of("wmt22/it-en", languages)
    with pytest.raises(UserError, match=r"'wmt22' has no text between these languages"):
        sets_of("wmt22", languages[2:])
    with pytest.raises(UserError, match=r"no test set 'wmt222'; did you mean"):
        sets_of("wmt222/en-cs", languages)


def test_none_of_the_directions(kept: Path) -> None:
    with pytest.raises(UserError, match=r"'wmt22' has none of the requested directions; it has .*de-fr"):
        read("wmt22", parse("it-nl nl-it"))


def test_an_unknown_test_set() -> None:
    with pytest.raises(UserError, match="sacreBLEU has no test set 'wmt2'; did you mean 'wmt2"):
        read("wmt2", parse("de-fr"))


def test_sides_that_are_not_aligned(kept: Path) -> None:
    (kept / "de-fr.fr").write_text("un\n")
    with pytest.raises(UserError, match=r"\(de-fr\) has 2 sources, 1 reference"):
        read("wmt22", parse("de-fr"))


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (urllib.error.URLError("Connection refused"), "Connection refused"),
        (EOFError(), "the download is broken"),
        (gzip.BadGzipFile("not a gzip file"), "not a gzip file"),
        (SystemExit(1), "the download is broken"),  # its answer to a wrong checksum
    ],
)
def test_a_test_set_that_cannot_be_fetched(
    monkeypatch: pytest.MonkeyPatch, error: BaseException, reason: str
) -> None:
    def fail(name: str, pair: str) -> str:
        raise error

    monkeypatch.setattr(sacrebleu.utils, "get_source_file", fail)
    with pytest.raises(UserError, match=f"could not load 'wmt22' .de-fr.: .*{reason}.*Remove .*wmt22'"):
        read("wmt22", parse("de-fr"))
