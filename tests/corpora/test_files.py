import gzip
import json
import lzma
import os
from pathlib import Path
from unittest.mock import patch

import pytest
import sacrebleu.utils

from ontarget.corpora import files
from ontarget.corpora.corpus import Corpus
from ontarget.corpora.files import format_of, load
from ontarget.errors import UserError
from ontarget.languages import Direction, Language

DE, FR, EN = Language("de"), Language("fr"), Language("en")
LANGUAGES = [DE, FR, EN]
GIVEN = [("Haus", "maison"), ("Ja, gern", "Oui, volontiers"), ("Über\u2028uns", "À propos")]
PAIRS = [*GIVEN[:2], ("Über uns", "À propos")]
TMX = "".join(
    f'<tu><tuv xml:lang="de"><seg>{de}</seg></tuv><tuv xml:lang="fr"><seg>{fr}</seg></tuv></tu>'
    for de, fr in GIVEN
)
TMX_HEAD, TMX_TAIL = "<?xml version='1.0'?>\n<tmx><header/><body>", "</body></tmx>"
IN_FORMATS = {
    "tsv": "de\tfr\n" + "".join(f"{de}\t{fr}\n" for de, fr in GIVEN),
    "csv": "de,fr\n" + "".join(f'"{de}","{fr}"\n' for de, fr in GIVEN),
    "jsonl": "".join(json.dumps({"de": de, "fr": fr}) + "\n" for de, fr in GIVEN),
    "tmx": f"{TMX_HEAD}{TMX}{TMX_TAIL}",
}


def train(*paths: str | Path, **settings: object) -> Corpus:
    return load("mine", {"train": [str(path) for path in paths]}, LANGUAGES, **settings)  # type: ignore[arg-type]


def pairs(corpus: Corpus, direction: Direction = Direction(DE, FR)) -> list[tuple[str, str]]:  # noqa: B008
    return [(pair.source, pair.target) for pair in corpus.translations("train", direction)]


@pytest.mark.parametrize("format", IN_FORMATS)
def test_the_format_is_told_by_content_and_all_give_the_same(tmp_path: Path, format: str) -> None:
    for name, pack in (("x", bytes), ("x.txt", gzip.compress), ("y.gz", lzma.compress)):
        (tmp_path / name).write_bytes(pack(IN_FORMATS[format].encode()))
        assert format_of(tmp_path / name) == format
        corpus = train(tmp_path / name)
        assert (pairs(corpus), corpus.line_breaks) == (PAIRS, {"train": 1})


def test_a_test_set_of_sacrebleu_stands_beside_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "src").write_text("eins\nzwei\n")
    (tmp_path / "ref").write_text("un\ndeux\n")
    monkeypatch.setattr(sacrebleu.utils, "get_source_file", lambda *_: str(tmp_path / "src"))
    monkeypatch.setattr(sacrebleu.utils, "get_reference_files", lambda *_: [str(tmp_path / "ref")])
    (tmp_path / "mine.tsv").write_text("de\tfr\ndrei\ttrois\n")
    corpus = train("sacrebleu:wmt22/de-fr", tmp_path / "mine.tsv")
    assert pairs(corpus) == [("eins", "un"), ("zwei", "deux"), ("drei", "trois")]
    assert pairs(corpus, Direction(FR, DE)) == [("trois", "drei")]  # it serves its own direction alone
    assert [str(part.direction) for part in train("sacrebleu:wmt22").parts("train")] == [
        f"{d}" for d in ("de-fr", "de-en", "fr-de", "en-de")
    ]


def test_parquet_is_told_by_content(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"PAR1...")
    assert format_of(tmp_path / "x") == "parquet"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "x' is empty; give TSV"),
        (
            b"Ein Satz\n",
            "x' is in an unknown format; give TSV, CSV, JSON lines",
        ),
        (b'[{"de": "a", "fr": "b"}]', "x' is one JSON list; write one record per line"),
        (b"PK\x03\x04", "x' is a zip archive"),
        (b"a.txt".ljust(257, b"\0") + b"ustar", "x' is a tar archive; unpack it"),
        (b"<!DOCTYPE html>\n<html>", "x' is a web page (HTML)"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "x' is a Git LFS pointer"),
        ("de\tfr\n".encode("utf-16"), "x' is UTF-16; convert it, e.g. iconv -f utf-16 -t utf-8"),
        ("de\tfr\n".encode("utf-16-le"), "x' is UTF-16; convert it, e.g. iconv -f utf-16le -t utf-8"),
        ("de\tfr\n".encode("utf-32"), "x' is UTF-32; convert it, e.g. iconv -f utf-32 -t utf-8"),
        (b"<xliff/>", "x' is not TMX: its first element is <xliff>"),
    ],
)
def test_a_file_in_no_known_format_is_told(tmp_path: Path, content: bytes, told: str) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(UserError) as error:
        train(tmp_path / "x")
    assert told in str(error.value)


def test_a_recipe_may_say_the_format_and_the_columns(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("Haus, Hof\tmaison\n", encoding="utf-8")
    assert pairs(train(tmp_path / "x", format="tsv", columns={"1": DE, "2": FR})) == [("Haus, Hof", "maison")]


@pytest.mark.parametrize(
    ("text", "format"),
    [
        ("<i>Haus</i>\t<i>maison</i>\n", "tsv"),
        ("<i>Haus</i>;<i>maison</i>\n", "csv"),
        ("\n\tde\tfr\n", "tsv"),
        ("sep=\t\nde\tfr\n", "csv"),
        ("de;fr\n", "csv"),
        ("<!-- by hand, of course -->\n<tmx/>", "tmx"),
        ("\ufeff\n <tmx version='1.4'>", "tmx"),
        ("<?xml version='1.0'?>\t<tmx>", "tmx"),
    ],
)
def test_the_first_line_that_is_not_blank_tells_the_format(tmp_path: Path, text: str, format: str) -> None:
    (tmp_path / "x").write_text(text, encoding="utf-8")
    assert format_of(tmp_path / "x") == format


def test_pairwise_files_and_files_of_many_languages_make_one_corpus(tmp_path: Path) -> None:
    (tmp_path / "de-en.tsv").write_text("de\ten\na\tA\n", encoding="utf-8")
    (tmp_path / "fr-en.tsv").write_text("fr\ten\nb\tB\n", encoding="utf-8")
    (tmp_path / "all.jsonl").write_text(
        '{"translation": {"de": "c", "fr": "d", "en": "e"}}\n', encoding="utf-8"
    )
    corpus = train(*(tmp_path / name for name in ("de-en.tsv", "fr-en.tsv", "all.jsonl")))
    assert pairs(corpus, Direction(DE, EN)) == [("a", "A"), ("c", "e")]
    assert pairs(corpus, Direction(EN, FR)) == [("B", "b"), ("e", "d")]
    assert pairs(corpus, Direction(FR, DE)) == [("d", "c")]


def test_line_aligned_files_in_those_languages_that_are_there(tmp_path: Path) -> None:
    (tmp_path / "x.de").write_text("a\nb\n", encoding="utf-8")
    (tmp_path / "x.en").write_bytes(gzip.compress(b"A\nB\n"))
    assert pairs(train(f"{tmp_path}/x.{{language}}"), Direction(EN, DE)) == [("A", "a"), ("B", "b")]
    (tmp_path / "x.fr").write_text("1\n", encoding="utf-8")
    (tmp_path / "cr.de").write_bytes(b"a\rb")
    (tmp_path / "cr.fr").write_bytes(b"A\rB")
    with pytest.raises(UserError, match=r"lines of '.*cr\.de' end with CR only"):
        train(f"{tmp_path}/cr.{{language}}")
    with pytest.raises(
        UserError, match=r"x\.de' has 2 lines but '.*x\.fr' has 1 line but .*; line n of each must be"
    ):
        train(f"{tmp_path}/x.{{language}}")


def test_a_file_of_one_language_alone_is_told_with_what_the_other_may_be(tmp_path: Path) -> None:
    for name in ("x.en", "x.de.gz"):
        (tmp_path / name).write_text("a\n", encoding="utf-8")
    with pytest.raises(
        UserError, match=r"x\.en' has no counterpart: there is no file '.*x\.de'; .* 'x\.de\.gz'"
    ):
        train(f"{tmp_path}/x.{{language}}")


def test_what_can_be_read_only_once_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x")
    with pytest.raises(UserError, match=r"x' is a pipe or a device, which cannot be read twice; write the"):
        train(tmp_path / "x")


def test_files_for_each_direction_serve_it_alone(tmp_path: Path) -> None:
    for name, text in {"de-fr.de": "a", "de-fr.fr": "b", "fr-de.fr": "c", "fr-de.de": "d"}.items():
        (tmp_path / name).write_text(f"{text}\n", encoding="utf-8")
    corpus = train(f"{tmp_path}/{{direction}}.{{language}}")
    assert pairs(corpus, Direction(DE, FR)) == [("a", "b")]
    assert pairs(corpus, Direction(FR, DE)) == [("c", "d")]
    (tmp_path / "fr-de.de").unlink()
    with pytest.raises(UserError, match=r"no file '.*fr-de\.de'"):
        train(f"{tmp_path}/{{direction}}.{{language}}")
    with pytest.raises(
        UserError, match=r"no file '.*\{direction\}.x\{language\}' for any direction between de, fr, en"
    ):
        train(f"{tmp_path}/{{direction}}.x{{language}}")


def test_what_no_recipe_language_is_in_is_counted_and_nothing_at_all_is_told(tmp_path: Path) -> None:
    (tmp_path / "x").write_text(
        '{"de": "a", "fr": "b"}\n{"it": "c", "nl": "d"}\n{"de": "e"}\n', encoding="utf-8"
    )
    assert train(tmp_path / "x").left_out == {"train: in other languages": 2}
    for text in (
        '{"it": "c", "nl": "d"}\n',
        TMX_HEAD + TMX.replace('"de"', '"it"').replace('"fr"', '"nl"') + TMX_TAIL,
    ):
        (tmp_path / "x").write_text(text, encoding="utf-8")
        with pytest.raises(
            UserError,
            match=r"'mine', split 'train': no segment of '.*x' has two of the languages de, fr, en; "
            r"the first has 'it', 'nl'; check `languages`",
        ):
            train(tmp_path / "x")
    for text in ("de\tfr\n\n", "de;fr\n", "<tmx><body></body></tmx>"):
        (tmp_path / "x").write_text(text, encoding="utf-8")
        with pytest.raises(UserError, match=r"'mine', split 'train': there are no segments in '.*x'$"):
            train(tmp_path / "x")


def test_files_that_are_missing_are_told(tmp_path: Path) -> None:
    (tmp_path / "train.tsv").touch()
    with pytest.raises(UserError, match=r"no file '.*trian\.tsv'; did you mean 'train\.tsv'"):
        train(tmp_path / "trian.tsv")
    with pytest.raises(UserError, match=r"no file '.*x\.\{language\}' for any of de, fr, en"):
        train(f"{tmp_path}/x.{{language}}")


def test_each_split_of_a_data_set_is_its_own(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets", reason="needs the extra `data`")
    splits = {split: datasets.Dataset.from_list([{"de": split, "fr": "x"}]) for split in ("train", "test")}
    datasets.DatasetDict(splits).save_to_disk(str(tmp_path / "set"))
    corpus = load("mine", {split: [str(tmp_path / "set")] for split in splits}, LANGUAGES)
    assert [corpus.lines(split, DE)[0] for split in splits] == ["train", "test"]


def test_a_file_is_read_once_and_again_when_it_changes(tmp_path: Path) -> None:
    (tmp_path / "x").write_text(IN_FORMATS["tsv"], encoding="utf-8")
    first = train(tmp_path / "x")
    with patch.dict(files._READERS, {"tsv": lambda *_: pytest.fail("it is in the cache")}):
        again = train(tmp_path / "x")
    assert (pairs(again), again.fingerprint) == (PAIRS, first.fingerprint)
    (tmp_path / "x").write_text(IN_FORMATS["tsv"].replace("Haus", "Hof"), encoding="utf-8")
    changed = train(tmp_path / "x")
    assert pairs(changed)[0] == ("Hof", "maison")
    assert changed.fingerprint != first.fingerprint


def test_a_file_that_breaks_off_leaves_nothing_in_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONTARGET_CACHE", str(tmp_path / "cache"))
    (tmp_path / "x").write_text(IN_FORMATS["jsonl"] + "{nope\n", encoding="utf-8")
    with pytest.raises(UserError, match="line 4: not JSON"):
        train(tmp_path / "x")
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


def test_a_folder_of_anything_is_refused_before_it_is_gone_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_digest_of_folder", None)
    with pytest.raises(UserError, match=r"is a folder without a data set saved .*give a file"):
        files.load("x", {"train": [str(tmp_path)]}, [DE, FR])
