import gzip
import hashlib
from pathlib import Path

from ontarget.corpora.catalogue.check import CorpusCheck, check
from ontarget.corpora.catalogue.entry import entry
from ontarget.corpora.catalogue.folder import record
from ontarget.languages import Language

EN, IT, NL = (Language(code) for code in ("en", "it", "nl"))


def put(folder: Path, file: str, content: bytes, *, note: bool = True) -> None:
    path = folder / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    if note:
        record(folder, {file: hashlib.sha256(content).hexdigest()})


def test_what_is_right_unknown_and_missing(tmp_path: Path) -> None:
    put(tmp_path, "ntrex/newstest2019.en.gz", gzip.compress(b"one\ntwo\n"))
    put(tmp_path, "ntrex/newstest2019.it.gz", gzip.compress(b"uno\ndue\n"), note=False)
    assert check(entry("ntrex"), [EN, IT, NL], tmp_path) == CorpusCheck(
        right=1, unknown=1, missing=1, wrong=[]
    )


def test_a_file_under_its_own_name_must_be_what_the_address_serves(tmp_path: Path) -> None:
    put(tmp_path, "ntrex/newstest2019.en", b"one\n", note=False)
    found = check(entry("ntrex"), [EN], tmp_path)
    assert (found.right, found.unknown) == (0, 0)
    assert "newstest2019.en' has changed; remove it" in found.wrong[0]


def test_a_file_that_has_changed(tmp_path: Path) -> None:
    put(tmp_path, "ntrex/newstest2019.en", b"one\n")
    (tmp_path / "ntrex/newstest2019.en").write_bytes(b"two\n")
    assert "has changed" in check(entry("ntrex"), [EN], tmp_path).wrong[0]


def test_languages_with_different_numbers_of_lines(tmp_path: Path) -> None:
    put(tmp_path, "ntrex/newstest2019.en", b"one\ntwo\n")
    put(tmp_path, "ntrex/newstest2019.it", b"uno\n")
    [wrong] = check(entry("ntrex"), [EN, IT], tmp_path).wrong
    assert wrong.startswith("not aligned: ")
    assert "en' has 2 lines" in wrong
    assert "it' has 1 line" in wrong


def test_the_sides_of_a_direction_with_different_numbers_of_lines(tmp_path: Path) -> None:
    put(tmp_path, "iwslt17/train.tags.en-it.en", b"<url>x</url>\none\ntwo\n")
    put(tmp_path, "iwslt17/train.tags.en-it.it", b"<url>x</url>\nuno\n")
    put(tmp_path, "iwslt17/train.tags.it-en.en", b"<url>x</url>\none\n")
    put(tmp_path, "iwslt17/train.tags.it-en.it", b"uno\n")
    [wrong] = check(entry("iwslt17"), [EN, IT], tmp_path).wrong
    assert "train.tags.en-it.en' has 2 lines" in wrong


def test_a_file_that_cannot_be_read_as_text(tmp_path: Path) -> None:
    put(tmp_path, "ntrex/newstest2019.en", b"\xff\n")
    assert "is not UTF-8" in check(entry("ntrex"), [EN], tmp_path).wrong[0]


def test_the_shared_copies_are_what_they_were(shared_data: Path) -> None:
    corpus = entry("multi30k")
    found = check(corpus, corpus.known_languages(), shared_data)
    assert (found.unknown, found.missing, found.wrong) == (0, 0, [])
