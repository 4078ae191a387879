import json
from pathlib import Path

import pytest

from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.scoring.reading.hypotheses import Hypotheses, HypothesisLine, is_outputs, read_outputs

ROW = {"source": "Das Brot.", "reference": "Le pain.", "text": "Le pain.", "finish_reason": "stop"}


def write(file: Path, rows: list[object]) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


@pytest.fixture
def run(tmp_path: Path) -> Path:
    for system in ("mt", "ontarget"):
        for direction in ("de-fr", "zh-Hant-de"):
            write(tmp_path / "run" / "outputs" / system / f"{direction}.jsonl", [ROW, ROW | {"text": "Brot"}])
    return tmp_path / "run"


def test_a_run_holds_what_its_outputs_hold(run: Path) -> None:
    found = read_outputs(run)
    assert [(a.system, str(a.direction)) for a in found] == [
        ("mt", "de-fr"),
        ("mt", "zh-Hant-de"),
        ("ontarget", "de-fr"),
        ("ontarget", "zh-Hant-de"),
    ]
    assert list(found[0].lines) == [
        HypothesisLine("Le pain.", "Das Brot.", ("Le pain.",), "stop"),
        HypothesisLine("Brot", "Das Brot.", ("Le pain.",), "stop"),
    ]
    assert [a.path for a in read_outputs(run / "outputs")] == [a.path for a in found]
    assert [a.path for a in read_outputs(run / "outputs" / "mt")] == [a.path for a in found[:2]]
    assert [a.path for a in read_outputs(Path(found[1].path))] == [found[1].path]


def test_without_references_there_are_none(tmp_path: Path) -> None:
    file = write(tmp_path / "mt" / "de-fr.jsonl", [ROW, ROW | {"reference": None}, {"text": "Le pain."}])
    [answers] = read_outputs(file)
    assert [line.references for line in answers.lines] == [(), (), ()]


def test_the_direction_is_the_target_alone_where_that_is_all(run: Path) -> None:
    answers = Hypotheses("x", Language("fr"), None, [], "x")
    assert answers.direction == Language("fr")
    assert read_outputs(run)[0].direction == Direction.parse("de-fr")


def test_what_is_of_a_run_and_what_is_not(run: Path) -> None:
    assert is_outputs(run)
    assert is_outputs(Path("mt/de-fr.jsonl"))
    assert not is_outputs(Path("answers.txt"))


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ('{"text": "a"}\n{"text": 3}\n', 'line 2: the key "text", the hypothesis, is missing'),
        ('{"text": "a"}\n["a"]\n', 'line 2: the key "text", the hypothesis, is missing'),
        ("{'text'}\n", "line 1: not JSON"),
        ("", "is empty"),
    ],
)
def test_a_broken_file_is_named_with_its_line(tmp_path: Path, content: str, complaint: str) -> None:
    (tmp_path / "de-fr.jsonl").write_text(content, encoding="utf-8")
    with pytest.raises(UserError, match=f"de-fr.jsonl.*{complaint}"):
        read_outputs(tmp_path / "de-fr.jsonl")


def test_a_folder_without_outputs_and_a_file_without_direction(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="has no outputs; a run writes them to outputs/<system>"):
        read_outputs(tmp_path)
    with pytest.raises(UserError, match="must be named after its direction"):
        read_outputs(write(tmp_path / "answers.jsonl", [ROW]))
