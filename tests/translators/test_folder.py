import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="needs the extra `train`")

from tests.checked.fake import ENGLISH, FRENCH, GERMAN
from tests.translators.test_checked import Model

from ontarget.bulk.job import BulkJob
from ontarget.checked.summary import Summary
from ontarget.documents.document import DocumentTranslation
from ontarget.errors import UserError
from ontarget.languages import Language
from ontarget.scoring.language_id.identifier import default_identifier
from ontarget.translators.checked import CheckedTranslator
from ontarget.translators.document import DocumentOptions
from ontarget.translators.folder import find_documents, translate_folder

PAGE = f"<p>{GERMAN}</p>\n"


class Reporter:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.progress: list[tuple[int, int]] = []
        self.done: list[str] = []

    def say(self, line: str) -> None:
        self.said.append(line)

    def advance(self, done: int, total: int) -> None:
        self.progress.append((done, total))

    def finished(self, name: str, document: DocumentTranslation) -> None:
        self.done.append(Path(name).name)


class Desk:
    """A folder with documents, and jobs on them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.out = folder, folder / "out"
        self.reporter = Reporter()
        self.asked: list[str] = []
        self.stop_at = ""
        for name, text in {
            "docs/a.html": PAGE,
            "docs/b/c.md": f"# {GERMAN}\n\n`code`\n",
            "docs/b/notes.txt": f"{GERMAN}\n\n{GERMAN} {GERMAN}\n",
            "docs/b/picture.png": "\x00",
            "docs/.hidden/d.md": "nein",
        }.items():
            self.write(name, text)

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def answer(self, source: str, _: object) -> list[str]:
        if self.stop_at and self.stop_at in source:
            raise KeyboardInterrupt
        self.asked.append(source)
        return [FRENCH]

    def load(self) -> CheckedTranslator:
        return CheckedTranslator(Model(self.answer))

    def run(
        self, source: str = "de", load: Callable[[], CheckedTranslator] | None = None, **changes: Any
    ) -> Summary:
        self.reporter, self.asked = Reporter(), []
        options = DocumentOptions(source, Language("fr"))
        settings = {"--model": "m", "--from": source}
        names = [str(self.folder / "docs")]
        job = BulkJob(**{"names": names, "out": self.out, "settings": settings, "target": "fr"} | changes)
        inputs, _ = find_documents(job.names, job.out, tables=False)
        return translate_folder(job, inputs, options, default_identifier(), load or self.load, self.reporter)

    @property
    def made(self) -> dict[str, str]:
        files = (path for path in sorted(self.out.rglob("*")) if path.is_file())
        return {str(path.relative_to(self.out)): path.read_text(encoding="utf-8") for path in files}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


MADE = {
    "a.html": PAGE.replace(GERMAN, FRENCH),
    "b/c.md": f"# {FRENCH}\n\n`code`\n",
    "b/notes.txt": f"{FRENCH}\n\n{FRENCH}\n",
}


def test_documents_keep_their_formats_and_places(desk: Desk) -> None:
    report = desk.folder / "report.jsonl"
    summary = desk.run(report=report)
    assert desk.made == MADE
    assert summary.sentences() == ["4 segments checked: 4 on target"]
    rows = [json.loads(line) for line in report.read_text(encoding="utf-8").splitlines()]
    assert [(Path(row["file"]).name, row["segment"], row["where"], row["way"]) for row in rows] == [
        ("a.html", 1, "line 1", "whole"),
        ("c.md", 1, "line 1", "whole"),
        ("notes.txt", 1, "line 1", "whole"),
        ("notes.txt", 2, "line 3", "whole"),
    ]
    assert desk.reporter.done == ["a.html", "c.md", "notes.txt"]
    assert desk.reporter.progress[-1] == (5, 5)
    assert desk.reporter.progress == sorted(desk.reporter.progress)
    assert not (desk.folder / "out.part").exists()


def test_a_job_that_was_stopped_goes_on_with_the_next_document(desk: Desk) -> None:
    desk.write("docs/b/c.md", "# Hier halt.\n")
    desk.stop_at = "Hier halt."
    with pytest.raises(KeyboardInterrupt):
        desk.run()
    assert not desk.out.exists()
    desk.stop_at = ""
    summary = desk.run()
    assert desk.asked == ["Hier halt.", GERMAN, f"{GERMAN} {GERMAN}"]
    assert desk.made == MADE | {"b/c.md": f"# {FRENCH}\n"}
    assert desk.reporter.said == ["resuming: 1 of 3 documents were translated before"]
    assert (summary.n, summary.noun) == (4, "segment")


def test_a_translation_that_is_damaged_is_made_again(desk: Desk) -> None:
    desk.write("docs/b/c.md", "# Hier halt.\n")
    desk.stop_at = "Hier halt."
    with pytest.raises(KeyboardInterrupt):
        desk.run()
    (desk.folder / "out.part" / "lines" / "a.html").write_text("<p>", encoding="utf-8")
    desk.stop_at = ""
    desk.run()
    assert desk.asked[0] == GERMAN
    assert desk.made["a.html"] == MADE["a.html"]


def test_other_settings_and_other_documents_are_not_mixed_with_those_before(desk: Desk) -> None:
    desk.write("docs/b/c.md", "# Hier halt.\n")
    desk.stop_at = "Hier halt."
    with pytest.raises(KeyboardInterrupt):
        desk.run()
    with pytest.raises(UserError, match="unfinished translation with --model m; give the same options"):
        desk.run(settings={"--model": "other", "--from": "de"})
    desk.write("docs/a.html", PAGE * 2)
    with pytest.raises(UserError, match=r"a.html' with other content; give the same input"):
        desk.run()
    desk.stop_at = ""
    desk.run(overwrite=True)
    assert desk.made["a.html"] == MADE["a.html"] * 2
    with pytest.raises(UserError, match=r"a.html' exists; choose another path, or add --overwrite"):
        desk.run()


def test_the_documents_that_are_done_are_named_when_the_model_fails(desk: Desk) -> None:
    desk.write("docs/b/c.md", "# Hier halt.\n")

    def answer(source: str, _: object) -> list[str]:
        if source == "Hier halt.":
            raise UserError("the server does not reply")
        return [FRENCH]

    sentence = r"does not reply \(1 of 3 documents are done; the same command resumes\)"
    with pytest.raises(UserError, match=sentence):
        desk.run(load=lambda: CheckedTranslator(Model(answer)))


def no_model() -> CheckedTranslator:
    raise AssertionError("the model was loaded before the check")


def test_a_fault_in_the_last_document_is_found_before_the_model_is_loaded(desk: Desk) -> None:
    desk.write("docs/z.json", '{"a" 1}')
    with pytest.raises(UserError, match="not valid JSON"):
        desk.run(load=no_model)
    assert not (desk.folder / "out.part").exists()


def test_short_documents_are_taken_for_the_language_of_the_others(desk: Desk) -> None:
    desk.write("docs/z.json", '{"a": "Salva", "b": "Annulla"}')
    desk.run(source="auto")
    assert json.loads(desk.made["z.json"]) == {"a": FRENCH, "b": FRENCH}
    desk.out = desk.folder / "alone"
    with pytest.raises(UserError, match=r"the language of '.*z.json' cannot be identified; name it with"):
        desk.run(source="auto", load=no_model, names=[str(desk.folder / "docs" / "z.json")])
    assert not (desk.folder / "alone.part").exists()


def test_which_files_are_documents(desk: Desk) -> None:
    docs = desk.folder / "docs"
    desk.write("docs/table.tsv", "a\tb\n")
    found, left_out = find_documents([str(docs)], desk.out, tables=False)
    assert [one.key for one in found] == ["a.html", "b/c.md", "b/notes.txt"]
    assert [Path(name.strip("'")).name for name in left_out] == ["picture.png", "table.tsv"]
    found, _ = find_documents([str(docs / "table.tsv"), str(docs / "b" / "c.md")], desk.out, tables=True)
    assert [one.key for one in found] == ["table.tsv", "c.md"]
    with pytest.raises(UserError, match=r"picture.png' is neither a document nor a .txt file"):
        find_documents([str(docs / "a.html"), str(docs / "b" / "picture.png")], desk.out, tables=False)
    (docs / "only").mkdir()
    desk.write("docs/only/x.de", "eins\n")
    with pytest.raises(UserError, match=r"no documents and no .txt files in"):
        find_documents([str(docs / "only")], desk.out, tables=False)


def test_an_off_target_segment_is_counted_over_all_documents(desk: Desk) -> None:
    summary = desk.run(load=lambda: CheckedTranslator(Model(lambda *_: [ENGLISH])))
    assert summary.off == 4
