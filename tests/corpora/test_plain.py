import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontarget.corpora.plain import decode_lines, lines_of, load, read_lines
from ontarget.errors import UserError
from ontarget.languages import Direction, Language

DE, FR = Language("de"), Language("fr")


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@given(lines=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n\ufeff")), min_size=1))
def test_lines_come_back_as_they_were_written(lines: list[str]) -> None:
    """U+2028, U+0085, form feeds and the like end no line: str.splitlines would cut there."""
    data = ("\n".join(lines) + "\n").encode()
    assert decode_lines(data, "x") == lines
    assert decode_lines(data.replace(b"\n", b"\r\n"), "x") == lines


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"a\nb\n", ["a", "b"]),
        (b"a\nb", ["a", "b"]),
        (b"a\n\nb\n\n", ["a", "", "b", ""]),
        (b"\n", [""]),
        (b"a\r\nb\r\n", ["a", "b"]),
        (b"a\rb\n", ["a\rb"]),
        ("a\u2028b\x85c\x0cd\n".encode(), ["a\u2028b\x85c\x0cd"]),
        (b"\xef\xbb\xbfa\n", ["a"]),
        (b" a \t\n", [" a \t"]),
    ],
)
def test_line_ends(tmp_path: Path, content: bytes, lines: list[str]) -> None:
    assert read_lines(written(tmp_path / "x.txt", content)) == lines
    assert list(lines_of(tmp_path / "x.txt")) == lines
    assert read_lines(written(tmp_path / "x.gz", gzip.compress(content))) == lines


def test_gzip_is_told_by_content_not_by_name(tmp_path: Path) -> None:
    assert read_lines(written(tmp_path / "packed.txt", gzip.compress(b"a\n"))) == ["a"]
    assert read_lines(written(tmp_path / "plain.gz", b"a\n")) == ["a"]


def test_gzip_of_several_members(tmp_path: Path) -> None:
    content = gzip.compress(b"a\n") + gzip.compress(b"b\n")
    assert read_lines(written(tmp_path / "x.gz", content)) == ["a", "b"]


def test_missing_file_names_its_neighbours(tmp_path: Path) -> None:
    written(tmp_path / "train.de.gz", b"a\n")
    with pytest.raises(UserError, match=r"no file '.*trian\.de\.gz'; did you mean 'train\.de\.gz'\?"):
        read_lines(tmp_path / "trian.de.gz")


def test_missing_folder_is_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"its folder '.*nowhere' does not exist"):
        read_lines(tmp_path / "nowhere" / "train.de")


def test_folder_in_place_of_a_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot read"):
        read_lines(tmp_path)


@pytest.mark.parametrize("content", [b"", gzip.compress(b"", mtime=0), b"\xef\xbb\xbf"])
def test_empty_file(tmp_path: Path, content: bytes) -> None:
    for read in (read_lines, lines_of):
        with pytest.raises(UserError, match=r"x\.txt' is empty"):
            list(read(written(tmp_path / "x.txt", content)))


@pytest.mark.parametrize(
    ("content", "where"),
    [
        (b"\xe9", "line 1, byte 0 of the text is 0xe9"),
        (b"gut\nsch\xf6n\n", "line 2, byte 7 of the text is 0xf6"),
        (b"\xef\xbb\xbfa\n\xff", "line 2, byte 5 of the text is 0xff"),
        (b"a\xc3", "line 1, byte 1 of the text is 0xc3"),
    ],
)
def test_what_is_not_utf8_is_told_where(tmp_path: Path, content: bytes, where: str) -> None:
    for data in (content, gzip.compress(content)):
        for read in (read_lines, lines_of):
            with pytest.raises(UserError, match=rf"x' is not UTF-8: {where}"):
                list(read(written(tmp_path / "x", data)))


def test_the_encoding_that_is_proposed_has_the_character(tmp_path: Path) -> None:
    """Also where the first byte that is not UTF-8 is the same in Latin-1: quotes may follow."""
    for text in ("„Ja“", "für „Ja“", "für"):
        with pytest.raises(UserError, match=r"convert the file, e\.g\. iconv -f windows-1252 -t utf-8"):
            read_lines(written(tmp_path / "x", text.encode("windows-1252")))


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_is_called_by_its_name(tmp_path: Path, encoding: str) -> None:
    text = "\ufeffschön\ngut\n".encode(encoding)
    with pytest.raises(UserError, match=r"x' is UTF-16; convert it, e\.g\. iconv -f utf-16 -t utf-8"):
        read_lines(written(tmp_path / "x", text))


def test_lines_that_end_with_cr_alone_are_told(tmp_path: Path) -> None:
    for code in ("de", "fr"):
        written(tmp_path / f"train.{code}", b"a\rb\rc")
    with pytest.raises(UserError, match=r"lines of '.*train\.de' end with CR only; convert them"):
        load("mine", {"train": f"{tmp_path}/train.{{language}}"}, [DE, FR])


@pytest.mark.parametrize("content", [b"a\rb", b"a\rb\r", b"\xef\xbb\xbfa\rb"])
def test_old_line_ends_are_told_to_all_readers(tmp_path: Path, content: bytes) -> None:
    """Such a file would be a single line for a model or a score."""
    for read in (read_lines, lines_of):
        with pytest.raises(UserError, match=r"lines of '.*x' end with CR only; convert them"):
            list(read(written(tmp_path / "x", content)))


@pytest.mark.parametrize("content", [b"a\r", b"a\r\n", b"a\r\r\n", b"a\rb\n", b"a\rb\nc", b"\r\n\ra"])
def test_a_cr_elsewhere_is_part_of_a_line(tmp_path: Path, content: bytes) -> None:
    lines = [line.removesuffix("\r") for line in content.decode().removesuffix("\n").split("\n")]
    assert read_lines(written(tmp_path / "x", content)) == lines


def test_a_segment_is_one_line(tmp_path: Path) -> None:
    written(tmp_path / "train.de", "eins\u2028zwei\ndrei\r\n vier\n".encode())
    written(tmp_path / "train.fr", b"un\rdeux\ntrois\nquatre\x0c\n")
    corpus = load("mine", {"train": f"{tmp_path}/train.{{language}}"}, [DE, FR])
    assert [*corpus.lines("train", DE)] == ["eins zwei", "drei", " vier"]
    assert [*corpus.lines("train", FR)] == ["un deux", "trois", "quatre"]
    assert corpus.line_breaks == {"train": 2}


def test_broken_gzip(tmp_path: Path) -> None:
    whole = gzip.compress(b"ein Satz\n" * 1000)
    flipped = whole[:20] + bytes([whole[20] ^ 0xFF]) + whole[21:]
    for broken in (whole[:-9], whole[:5], flipped, whole + b"junk"):
        with pytest.raises(UserError, match=r"x\.gz' is a broken gzip file"):
            read_lines(written(tmp_path / "x.gz", broken))


def test_load_aligns_the_languages_of_each_split(tmp_path: Path) -> None:
    written(tmp_path / "train.de", b"eins\nzwei\n")
    written(tmp_path / "train.fr", gzip.compress(b"un\ndeux\n"))
    written(tmp_path / "test.de", b"drei\n")
    written(tmp_path / "test.fr", b"trois\n")
    patterns = {split: f"{tmp_path}/{split}.{{language}}" for split in ("train", "test")}
    corpus = load("mine", patterns, [DE, FR])
    assert corpus.lines("train", FR) == ["un", "deux"]
    [pair] = corpus.translations("test", Direction(DE, FR))
    assert (pair.source, pair.target) == ("drei", "trois")


def test_line_counts_that_differ_are_told_with_both_files(tmp_path: Path) -> None:
    written(tmp_path / "train.de", b"a\nb\nc\n")
    written(tmp_path / "train.fr", b"a\nb\n")
    with pytest.raises(UserError, match=r"train\.de' has 3 lines but '.*train\.fr' has 2"):
        load("mine", {"train": f"{tmp_path}/train.{{language}}"}, [DE, FR])


def test_a_variable_that_is_not_set_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ONTARGET_DATA", raising=False)
    with pytest.raises(UserError, match=r"ONTARGET_DATA, which is not set; .*export ONTARGET_DATA="):
        load("mine", {"train": "${ONTARGET_DATA}/train.{language}"}, [DE])


def test_a_pattern_without_language_is_told() -> None:
    with pytest.raises(UserError, match=r"'train\.de' needs \{language\}"):
        load("mine", {"train": "train.de"}, [DE])


def test_multi30k_reads_as_it_is(shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONTARGET_DATA", str(shared_data))
    languages = [Language(code) for code in ("en", "de", "fr", "cs")]
    patterns = {
        split: f"$ONTARGET_DATA/multi30k/{stem}.{{language}}.gz"
        for split, stem in {"train": "train", "validation": "val", "test": "test_2016_flickr"}.items()
    }
    corpus = load("multi30k", patterns, languages)
    sizes = {split: {len(corpus.lines(split, language)) for language in languages} for split in patterns}
    assert sizes == {"train": {29000}, "validation": {1014}, "test": {1000}}
