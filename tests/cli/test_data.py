"""`ontarget data`."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.corpora.test_unpack import zipped
from tests.corpora.web_server import Server, web_server
from typer.testing import CliRunner

from ontarget.cli.app import app
from ontarget.corpora import download
from ontarget.corpora.catalogue.entry import entry, names

OPUS = "/object.pouta.csc.fi/OPUS-Tiny/v1/moses/en-it.txt.zip"
SUM = hashlib.sha256(b"a\n").hexdigest()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ONTARGET_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(download, "_PAUSE", 0.0)
    return tmp_path / "data"


@pytest.fixture
def server(folder: Path) -> Iterator[Server]:
    with web_server() as running:
        running.files[OPUS] = zipped({"Tiny.en-it.en": b"a\n", "Tiny.en-it.it": b"b\n"})
        yield running


def data(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["data", *arguments])
    return done.exit_code, done.output


def get(server: Server, *arguments: str) -> tuple[int, str]:
    return data("get", "opus/Tiny/v1", "--languages", "en,it", "--mirror", server.address, *arguments)


def put(folder: Path, name: str, text: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")


def test_list_says_what_there_is_and_what_is_here(folder: Path) -> None:
    put(folder, "alpaca/alpaca_eval.json", "[]")
    put(folder, "alpaca/seed_tasks.jsonl", "{}")
    code, output = data("list")
    assert code == 0
    rows = {line.split()[0]: line for line in output.splitlines() if line.split()}
    assert set(names()) <= set(rows)
    assert " yes " in rows["alpaca_eval"]
    assert " 1 of 2 " in rows["alpaca"]
    assert " no " in rows["multi30k"]
    assert rows["ntrex"].rstrip().endswith("CC BY-SA 4.0")
    assert str(folder) in output


def test_the_list_cuts_no_word_at_80_columns(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    _, output = data("list")
    words = output.split()
    assert max(map(len, output.partition("data folder")[0].splitlines())) <= 80
    assert not [word for word in words if word.endswith("…")]
    for name in [name for name in names() if name != "opus"]:
        corpus = entry(name)
        assert set(f"{corpus.about} {corpus.terms}".split()) <= set(words)


def test_card_says_all_of_one(folder: Path) -> None:
    code, output = data("card", "multi30k")
    assert code == 0
    assert "non-commercial research" in output
    assert "aclanthology.org/W16-3210" in output
    assert "trap: The 2017 test sets have no Czech." in output
    address = "a3d2e0d26b56f3846f66a952536ffed4e401d05a/data/task1/raw/train.de.gz"
    [line] = [line for line in output.splitlines() if line.endswith(address)]
    assert len(line.split()[0]) == 64
    code, output = data("card", "iwslt17")
    assert code == 0
    assert "\n-  iwslt17/train.tags.en-it.en  https://" in output
    code, output = data("card", "mozilla_www")
    assert code == 0
    assert "made: out of the Fluent files of" in output
    assert "\n-  mozilla_www/train.en  -\n" in output


def test_get_prints_licence_and_checksum_and_fetches_once(folder: Path, server: Server) -> None:
    code, output = get(server)
    assert code == 0
    assert "opus/Tiny/v1: That of the corpus" in output
    assert f"{SUM}  opus/Tiny/v1/en-it.en  (first download, recorded)" in output
    assert (folder / "opus/Tiny/v1/en-it.it").read_text() == "b\n"
    assert get(server) == (0, f"opus/Tiny/v1 is complete in {folder}\n")
    assert len(server.requests) == 1


def test_get_goes_on_and_a_failure_is_a_sentence(folder: Path, server: Server) -> None:
    server.cuts = [50, 0, 0, 0, 0]
    code, output = get(server)
    assert code == 2
    assert "the first 50 bytes are kept, run the same command to resume" in output
    assert not (folder / "opus").exists()
    assert get(server)[0] == 0
    assert server.requests[-1][1] == "bytes=50-"


def test_get_of_what_is_not_there(folder: Path, server: Server) -> None:
    del server.files[OPUS]
    code, output = get(server)
    assert (code, "the server responds 404 Not Found" in output) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["get", "multi30"], "no corpus 'multi30' in the catalogue; did you mean 'multi30k'"),
        (["get", "opus/Tiny/v1"], "such as --languages en,de"),
        (["get", "opus/Tiny/v1", "--languages", "no,nb"], "in pairs of languages; name two or more"),
        (
            ["get", "multi30k", "--languages", "en,it"],
            "is not known to have Italian (it); it has en de fr cs",
        ),
        (["get", "multi30k", "--languages", "en,xx"], "unknown language 'xx'"),
        (["card", "nothing"], "there is no corpus 'nothing'"),
        (["check"], "no corpus of the catalogue is in"),
    ],
)
def test_mistakes_are_sentences(folder: Path, arguments: list[str], sentence: str) -> None:
    code, output = data(*arguments)
    assert code == 2
    assert sentence in output
    assert "Traceback" not in output


def test_check_of_what_is_right(folder: Path, server: Server) -> None:
    get(server)
    code, output = data("check", "opus/Tiny/v1", "--languages", "en,it")
    assert code == 0
    assert [line.split() for line in output.splitlines() if "Tiny" in line] == [
        ["opus/Tiny/v1", "2", "0", "0", "0"]
    ]


def test_check_finds_what_has_changed_and_what_is_not_aligned(folder: Path, server: Server) -> None:
    get(server)
    put(folder, "opus/Tiny/v1/en-it.it", "b\nc\n")
    code, output = data("check", "opus/Tiny/v1", "--languages", "en,it")
    assert code == 2
    assert "en-it.it' has changed; remove it and get it again" in output
    assert "en-it.it' has 2 lines" in output
    assert "has 2 faults" in output


def test_check_without_a_name_looks_at_what_is_here(folder: Path) -> None:
    put(folder, "alpaca/seed_tasks.jsonl", "{}\n")
    code, output = data("check")
    assert code == 2
    assert "seed_tasks.jsonl' has changed" in output
    assert "multi30k" not in output


def test_help_teaches() -> None:
    assert "ontarget data get multi30k" in data("get", "--help")[1]
