import bz2
import gzip
import lzma
import os
from pathlib import Path

import pytest

from ontarget.bulk.inputs import compressor, find_inputs
from ontarget.corpora.opening import opened
from ontarget.errors import UserError


def write(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x\n", encoding="utf-8")


def test_a_single_file_has_the_output_as_its_target(tmp_path: Path) -> None:
    write(tmp_path / "a.de")
    (one,) = find_inputs([str(tmp_path / "a.de")], tmp_path / "a.fr")
    assert (one.target, one.key, one.is_stream) == (tmp_path / "a.fr", "a.fr", False)
    assert one.name == f"'{tmp_path / 'a.de'}'"


@pytest.mark.parametrize("names", [[], ["-"]])
def test_standard_input(names: list[str], tmp_path: Path) -> None:
    (one,) = find_inputs(names, tmp_path / "a.fr")
    assert (one.name, one.is_stream, one.target) == ("standard input", True, tmp_path / "a.fr")


def test_a_pipe_is_a_stream(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (one,) = find_inputs([str(tmp_path / "pipe")], tmp_path / "out")
    assert one.is_stream


def test_a_folder_is_mirrored_in_order_without_hidden_files(tmp_path: Path) -> None:
    text = tmp_path / "text"
    write(text / "b.de", text / "a" / "c.de.gz", text / ".hidden", text / ".git" / "config")
    found = find_inputs([str(text)], tmp_path / "out")
    assert [(one.key, one.target) for one in found] == [
        ("a/c.de.gz", tmp_path / "out" / "a" / "c.de.gz"),
        ("b.de", tmp_path / "out" / "b.de"),
    ]


def test_several_files_keep_their_order_and_names(tmp_path: Path) -> None:
    write(tmp_path / "z", tmp_path / "sub" / "a")
    found = find_inputs([str(tmp_path / "z"), str(tmp_path / "sub" / "a")], tmp_path / "out")
    assert [one.key for one in found] == ["z", "a"]


def test_mistakes_are_sentences(tmp_path: Path) -> None:
    write(tmp_path / "a" / "x.de", tmp_path / "b" / "x.de", tmp_path / "file")
    (tmp_path / "empty").mkdir()
    a, b, out = tmp_path / "a" / "x.de", tmp_path / "b" / "x.de", tmp_path / "out"

    def mistake(names: list[Path | str], target: Path) -> str:
        with pytest.raises(UserError) as caught:
            find_inputs([str(name) for name in names], target)
        return str(caught.value)

    assert "there is no file" in mistake([tmp_path / "a" / "y.de"], out)
    assert "did you mean 'x.de'?" in mistake([tmp_path / "a" / "y.de"], out)
    assert "'-' (standard input) cannot be combined with files" in mistake(["-", a], out)
    assert f"is a folder; give the path of a file, such as '{tmp_path / 'empty' / 'x.de'}'" in mistake(
        [a], tmp_path / "empty"
    )
    assert "several inputs need a folder" in mistake([a, tmp_path / "file"], tmp_path / "file")
    assert f"'{a}' and '{b}' would both be written to" in mistake([a, b], out)
    assert "is in the input folder" in mistake([tmp_path / "a"], tmp_path / "a")
    assert "is in the input folder" in mistake([tmp_path / "a"], tmp_path / "a" / "fr")
    assert "there is no file in" in mistake([tmp_path / "empty"], out)
    assert "would overwrite the input" in mistake([a], a)
    assert "would overwrite the input" in mistake([a, tmp_path / "file"], tmp_path / "a")


@pytest.mark.parametrize(
    ("ending", "decompress"),
    [("txt", bytes), ("gz", gzip.decompress), ("bz2", bz2.decompress), ("xz", lzma.decompress)],
)
def test_compressed_parts_in_a_row_are_one_file(ending: str, decompress: object, tmp_path: Path) -> None:
    target = tmp_path / f"a.{ending}"
    compress = compressor(target)
    parts = [compress(b"eins\n"), compress(b"zwei\n"), compress(b"")]
    assert decompress(b"".join(parts)) == b"eins\nzwei\n"  # type: ignore[operator]
    assert parts[0] == compressor(target)(b"eins\n")  # no time of writing in it
    target.write_bytes(b"".join(parts))
    with opened(target) as file:
        assert file.read() == b"eins\nzwei\n"


def test_zstandard(tmp_path: Path) -> None:
    pytest.importorskip("zstandard", reason="comes with the extra `data`")
    target, compress = tmp_path / "a.zst", compressor(tmp_path / "a.zst")
    target.write_bytes(compress(b"eins\n") + compress(b"zwei\n"))
    with opened(target) as file:
        assert file.read() == b"eins\nzwei\n"


def test_without_zstandard_the_message_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "zstandard", None)
    write(tmp_path / "a")
    with pytest.raises(UserError, match=r"pip install 'ontarget\[data\]'"):
        find_inputs([str(tmp_path / "a")], tmp_path / "out.zst")
