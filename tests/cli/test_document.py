import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="needs the extra `train`")

from tests.cli.test_translate import Capitals, Seen, Upper, run

from ontarget.translation import translator
from ontarget.translation.system import Request
from ontarget.translators import checked as checked_translator
from ontarget.translators.checked import CheckedTranslator

TO = ("--model", "some/model", "--from", "en", "--to", "de")
PAGE = "<p>A small <b>dog</b> sleeps in the house. It is called {name}.</p>\n"


@pytest.fixture(autouse=True)
def _no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(translator, "Translator", Upper)
    monkeypatch.setattr(checked_translator, "CheckedTranslator", Seen)
    monkeypatch.setattr(Capitals, "answers", {})


@pytest.fixture
def page(tmp_path: Path) -> Path:
    file = tmp_path / "page.html"
    file.write_text(PAGE, encoding="utf-8")
    return file


def test_a_document_to_a_file(page: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.html"
    report = tmp_path / "report.jsonl"
    result = run(*TO, str(page), "-o", str(out), "--report", str(report))
    assert result.exit_code == 0, result.output
    assert out.read_text() == "<p>A SMALL <b>DOG</b> SLEEPS IN THE HOUSE. IT IS CALLED {name}.</p>\n"
    assert result.stdout == ""
    assert result.stderr.startswith("2 segments checked: ")
    rows = [json.loads(line) for line in report.read_text().splitlines()]
    assert [(row["segment"], row["where"], row["way"]) for row in rows] == [
        (1, "line 1", "masked"),
        (2, "line 1", "masked"),
    ]
    assert rows[1]["source"] == "It is called {name}."
    assert rows[1]["text"] == "IT IS CALLED {name}."


def test_a_document_to_standard_output(page: Path) -> None:
    result = run(*TO, str(page))
    assert result.exit_code == 0, result.output
    assert result.stdout == "<p>A SMALL <b>DOG</b> SLEEPS IN THE HOUSE. IT IS CALLED {name}.</p>\n"


def test_text_is_lines_unless_a_level_is_given(tmp_path: Path) -> None:
    file = tmp_path / "text.txt"
    file.write_bytes(b"One dog. Two\r\ncats.\r\n\r\nlast {x}")
    assert run(*TO, str(file)).stdout_bytes == b"ONE DOG. TWO\nCATS.\n\nLAST {X}\n"
    result = run(*TO, str(file), "--segment", "sentence", "--no-check")
    assert result.stdout_bytes == b"ONE DOG. TWO CATS.\r\n\r\nLAST {x}"
    assert result.stderr == ""
    assert run(*TO, "--segment", "line", given=b"\n one dog\n").stdout_bytes == b"\n ONE DOG\n"
    report = tmp_path / "report.jsonl"
    assert run(*TO, "--keep", "[a-z]og", "--report", str(report), given=b"hi\none dog\n").exit_code == 0
    rows = [json.loads(line) for line in report.read_text().splitlines()]
    assert [(row["where"], row["text"]) for row in rows] == [("line 1", "HI"), ("line 2", "ONE dog")]


def test_lost_parts_are_translated_piecewise(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lost = {"A small X1 dog X2 sleeps in the house.": ["EIN HUND"]}
    monkeypatch.setattr(Capitals, "answers", lost)
    result = run(*TO, str(page))
    assert result.stdout == "<p>A SMALL <b>DOG</b> SLEEPS IN THE HOUSE. IT IS CALLED {name}.</p>\n"
    assert (
        "1 segment translated piece by piece, because the model lost a placeholder or a tag (line 1)"
        in result.stderr.splitlines()
    )


def test_text_that_is_left_untranslated_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.md"
    file.write_text("# Small dogs\n\nThe house sleeps.\n")
    monkeypatch.setattr(Capitals, "answers", {"The house sleeps.": ["Das Haus {schläft}."]})
    result = run(*TO, str(file), "--strict")
    assert result.exit_code == 3, result.output
    assert result.stdout == "# SMALL DOGS\n\nThe house sleeps.\n"
    assert (
        "1 segment left untranslated, because the model gave no translation or one that the document "
        "cannot hold (line 3)"
    ) in result.stderr.splitlines()


@pytest.mark.parametrize("check", [(), ("--no-check",)])
def test_a_document_without_text_is_named(tmp_path: Path, check: tuple[str, ...]) -> None:
    file = tmp_path / "page.html"
    file.write_text("<pre>code</pre><p>12</p>\n")
    result = run(*TO, str(file), *check)
    assert result.exit_code == 0, result.output
    assert result.stdout == "<pre>code</pre><p>12</p>\n"
    assert result.stderr == f"no text to translate in '{file}'\n"


def test_a_glossary_is_checked(page: Path, tmp_path: Path) -> None:
    terms = tmp_path / "terms.tsv"
    terms.write_text("dog\tHund\nhouse\thouse\n", encoding="utf-8")
    report = tmp_path / "report.jsonl"
    result = run(*TO, str(page), "--glossary", str(terms), "--report", str(report))
    assert result.exit_code == 0, result.output
    assert (
        "1 of 2 terms of the glossary translated as it says (line 1: dog → Hund is missing)" in result.stderr
    )
    assert json.loads(report.read_text().splitlines()[0])["terms_missing"] == {"dog": ["Hund"]}


def test_models_are_told_the_terms_of_each_segment(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = list[Request]()

    def seen(translator: CheckedTranslator, requests: Sequence[Request], **how: Any) -> Any:
        if how["count"] == 1:  # not where it looks for a translation with the terms
            asked.extend(requests)
        return translate_requests(translator, requests, **how)

    translate_requests = Seen.translate_requests
    monkeypatch.setattr(Seen, "translate_requests", seen)
    terms = tmp_path / "terms.tsv"
    terms.write_text("DOG\tHund\ncalled\tgenannt\n", encoding="utf-8")
    assert run(*TO, str(page), "--glossary", str(terms)).exit_code == 0
    assert [(one.source.split()[0], one.terms) for one in asked] == [
        ("A", (("DOG", "Hund"),)),
        ("It", (("called", "genannt"),)),
    ]


def test_a_column_of_a_table(tmp_path: Path) -> None:
    file = tmp_path / "table.tsv"
    file.write_text("id\ttext\nkey one\ta dog\n", encoding="utf-8")
    assert run(*TO, str(file), "--column", "text").stdout == "id\ttext\nkey one\tA DOG\n"
    assert run(*TO, str(file), "--column", "2").stdout == "id\tTEXT\nkey one\tA DOG\n"
    lines = run(*TO, str(file))
    assert lines.stdout == "ID\tTEXT\nKEY ONE\tA DOG\n"
    assert lines.stderr.splitlines()[0] == f"note: '{file}' has columns; name one with --column"
    one_column = tmp_path / "one.tsv"
    one_column.write_text("a dog\n", encoding="utf-8")
    assert "note:" not in run(*TO, str(one_column)).stderr
    result = run(*TO, str(file), "--column", "txt")
    assert result.exit_code == 2
    assert "has no column 'txt'; did you mean 'text'?" in result.stderr


def test_text_that_cannot_be_divided_stays(tmp_path: Path) -> None:
    file = tmp_path / "page.md"
    file.write_text("long\n\na dog\n", encoding="utf-8")
    result = run(*TO, str(file))
    assert result.exit_code == 1
    assert result.stdout == "long\n\nA DOG\n"
    assert (
        "line 1 has text that is too long for the model and cannot be divided; it stays as it is"
        in result.stderr
    )


def test_the_source_language_is_identified(tmp_path: Path) -> None:
    file = tmp_path / "page.md"
    file.write_text(
        "The weather was lovely this morning, so we went to the beach.\n\n"
        "Das Wetter war heute Morgen sehr schön, also gingen wir an den Strand.\n",
        encoding="utf-8",
    )
    result = run("--model", "some/model", "--to", "de", str(file))
    assert result.exit_code == 0, result.output
    first, second = result.stdout.split("\n\n")
    assert first.isupper()
    assert second == "Das Wetter war heute Morgen sehr schön, also gingen wir an den Strand.\n"


def test_short_strings_in_a_file_that_is_mostly_translated(tmp_path: Path) -> None:
    strings = {
        "saved": "De instellingen zijn opgeslagen en worden bij de volgende keer gebruikt.",
        "busy": "Het bestand kan niet worden geopend, omdat het door een ander programma wordt gebruikt.",
        "save": "Save changes",
        "cancel": "Cancel",
        "delete": "Delete file",
    }
    file, report = tmp_path / "strings.json", tmp_path / "report"
    file.write_text(json.dumps(strings), encoding="utf-8")
    result = run("--model", "some/model", "--to", "nl", str(file), "--report", str(report))
    assert result.exit_code == 0, result.output
    made = json.loads(result.stdout)
    assert [made[key] == strings[key] for key in strings] == [True, True, False, False, False]
    rows = [json.loads(line) for line in report.read_text(encoding="utf-8").splitlines()]
    kept = {row["source"]: row["confidence"] for row in rows if "kept" in row["flags"]}
    assert list(kept) == [strings["saved"], strings["busy"]]
    assert all(0.5 < confidence < 1 for confidence in kept.values())


def bad_word(folder: Path) -> None:
    (folder / "bad.docx").write_bytes(b"PK\x03\x04 no archive")
    with zipfile.ZipFile(folder / "sheet.docx", "w") as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("word/document.xml", '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>')
    (folder / "entity.docx").write_bytes(data.getvalue())
    (folder / "old.docx").write_bytes(b"\xd0\xcf\x11\xe0 old")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["page.html", "-o", "out.md"], "does not end with .html; a document keeps its format"),
        (["page.html", "-o", "page.html"], "is an input file and would be overwritten"),
        (["page.html", "-o", "o.html", "--report", "o.html"], "and --output would overwrite each other"),
        (["page.html", "--report", "g.tsv", "--glossary", "g.tsv"], "g.tsv' is an input file and would be"),
        (["page.html", "--report", "page.html"], "--report 'page.html' is an input file"),
        (
            ["a.txt", "-o", "g.tsv", "--overwrite", "--glossary", "g.tsv"],
            "--output 'g.tsv' is an input file and would be overwritten",
        ),
        (["page.html", "-o", "there.html"], "exists; choose another path, or replace it with --overwrite"),
        (["page.html", "--column", "2"], "but 'page.html' is neither; save it as one of them, or omit"),
        (["a.txt", "--column", "2", "--segment", "line"], "(.tsv), but 'a.txt' is neither"),
        (["page.html", "--segment", "sentense"], "did you mean 'sentence'?"),
        (["page.html", "--keep", "("], "--keep '(' is not a valid regular expression"),
        (["page.html", "--glossary", "no.tsv"], "there is no file"),
        (["page.html", "--on", "ray", "-o", "out.html"], "--on is for files of lines"),
        (["no.html"], "there is no file"),
        (["bad.docx", "-o", "out.docx"], "is not a Word document, or broken"),
        (["bad.docx"], "is not text; name the file to write with --output"),
        (["sheet.docx", "-o", "out.docx"], "word/document.xml is missing"),
        (["entity.docx", "-o", "out.docx"], "document type declaration, which is not safe"),
        (["old.docx", "-o", "out.docx"], "is an old .doc file, or encrypted"),
        (["bad.json"], "line 1, column 6: not valid JSON"),
        (["bad.yaml"], "not valid YAML"),
        (["bad.xlf"], "is not XLIFF: its first element is <tmx>"),
        (["cut.xlf"], "the file is truncated here"),
        (["bad.po"], "line 1: 'no catalogue' is not a line of a message catalogue"),
        (["bad.srt"], "has no subtitles"),
        (["latin.md"], "is not UTF-8"),
    ],
)
def test_mistakes_are_one_sentence_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    bad_word(tmp_path)
    files: dict[str, Any] = {
        "page.html": PAGE,
        "there.html": "",
        "g.tsv": "dog\tHund\n",
        "a.txt": "a",
        "a.md": "a",
        "bad.json": '{"a" 1}',
        "bad.yaml": "a: [1",
        "bad.xlf": "<tmx/>",
        "cut.xlf": "<xliff><file>",
        "bad.po": "no catalogue",
        "bad.srt": "no subtitles",
    }
    for name, text in files.items():
        Path(name).write_text(text, encoding="utf-8")
    Path("latin.md").write_bytes("caf\xe9 au lait\n".encode("latin1"))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    result = run(*TO, *arguments)
    assert result.exit_code == 2, result.output
    assert sentence in " ".join(result.stderr.split())
    assert result.stdout == ""
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.fixture
def docs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with documents, which is the current one's child."""
    monkeypatch.chdir(tmp_path)
    for name, text in {
        "a.html": PAGE,
        "b/c.md": "# A dog\n",
        "b/d.txt": "one\ntwo {x}\n",
        "x.png": "",
    }.items():
        (tmp_path / "docs" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "docs" / name).write_text(text, encoding="utf-8")
    return tmp_path / "docs"


def test_a_folder_of_documents(docs: Path) -> None:
    result = run(*TO, "docs", "-o", "out", "--report", "report.jsonl")
    assert result.exit_code == 0, result.output
    made = {str(path.relative_to("out")): path.read_text() for path in Path("out").rglob("*.*")}
    assert made == {
        "a.html": "<p>A SMALL <b>DOG</b> SLEEPS IN THE HOUSE. IT IS CALLED {name}.</p>\n",
        "b/c.md": "# A DOG\n",
        "b/d.txt": "ONE\nTWO {x}\n",
    }
    said = result.stderr.splitlines()
    assert said[0] == "note: 1 file left out, neither documents nor .txt files ('docs/x.png')"
    assert "note: segments are numbered through all 3 files; --report names files and places" in said
    assert any(line.startswith("5 segments checked: ") for line in said)
    rows = [json.loads(line) for line in Path("report.jsonl").read_text().splitlines()]
    assert [row["file"] for row in rows] == ["docs/a.html"] * 2 + ["docs/b/c.md"] + ["docs/b/d.txt"] * 2
    again = run(*TO, "docs", "-o", "out")
    assert again.exit_code == 2
    assert "'out/a.html' exists; choose another path, or add --overwrite to replace it" in again.stderr


def test_several_documents_with_a_glossary(docs: Path) -> None:
    Path("terms.tsv").write_text("dog\tHund\n", encoding="utf-8")
    named = ["docs/a.html", "docs/b/c.md"]
    result = run(*TO, *named, "-o", "out", "--glossary", "terms.tsv", "--no-check", "--keep", "hou..")
    assert result.exit_code == 0, result.output
    assert "IN THE house." in Path("out/a.html").read_text()
    assert "'docs/b/c.md': 0 of 1 term of the glossary translated as it says (line 1: dog → Hund" in " ".join(
        result.stderr.split()
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["docs"], "several files or a folder need --output, the folder to write"),
        (["docs/a.html", "docs/b/c.md"], "several files or a folder need --output, the folder to write"),
        (["docs", "-o", "docs/out"], "is in the input folder 'docs'; choose a path outside"),
        (["docs", "-o", "docs/a.html"], "-o 'docs/a.html' is a file, but several inputs need a folder"),
        (["docs", "-o", "there"], "-o 'there' is a file, but several inputs need a folder"),
        (["docs/a.html", "docs/x.png", "-o", "out"], "'docs/x.png' is neither a document nor a .txt file"),
        (["docs/a.html", "-", "-o", "out"], "'-' is neither a document nor a .txt file"),
        (["docs", "-o", "out", "--on", "ray"], "--on is for files of lines, not for documents"),
        (["docs", "-o", "out", "--report", "out/a.html"], "would overwrite each other"),
        (
            ["docs", "-o", "out", "--report", "docs/b/report.json"],
            "is in the input folder 'docs'; choose a path",
        ),
        (["docs", "-o", "-"], "--output '-' is not a folder"),
        (["docs", "no.md", "-o", "out"], "there is no file 'no.md'"),
    ],
)
def test_mistakes_with_several_documents(docs: Path, arguments: list[str], sentence: str) -> None:
    Path("there").write_text("x", encoding="utf-8")
    Path("out").mkdir()
    before = sorted(Path().rglob("*"))
    result = run(*TO, *arguments)
    assert result.exit_code == 2, result.output
    assert sentence in " ".join(result.stderr.split())
    assert sorted(Path().rglob("*")) == before
