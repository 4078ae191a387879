import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

pytest.importorskip("torch", reason="needs the extra `train`")

from tests.training.small import small_base

from ontarget.cli import answer
from ontarget.cli.app import app
from ontarget.scoring.judge.response_files import pair_up, read_responses
from ontarget.translation.hypothesis import Hypothesis
from ontarget.translation.translator import Translator

ASKED = [{"instruction": f"Say {n}.", "input": "twice" if n % 2 else ""} for n in range(5)]


@pytest.fixture
def toy(tmp_path: Path) -> str:
    return str(small_base(tmp_path / "toy"))


@pytest.fixture
def asked(tmp_path: Path) -> str:
    (tmp_path / "asked.json").write_text(json.dumps(ASKED), encoding="utf-8")
    return str(tmp_path / "asked.json")


def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["answer", *arguments])


def written(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_model_answers_and_the_judge_can_read_it(toy: str, asked: str, tmp_path: Path) -> None:
    outputs = [tmp_path / "greedy.jsonl", tmp_path / "beam.jsonl"]
    for output, beam in zip(outputs, ("1", "3"), strict=True):
        result = run(
            "--model",
            toy,
            "--instructions",
            asked,
            "--output",
            str(output),
            "--num-beams",
            beam,
            "--max-new-tokens",
            "4",
        )
        assert result.exit_code == 0, result.output
        assert [(row["instruction"], row.get("input", "")) for row in written(output)] == [
            (each["instruction"], each["input"]) for each in ASKED
        ]
    pairs = pair_up(read_responses(outputs[0]), read_responses(outputs[1]), None)
    assert [pair.instruction for pair in pairs][:2] == ["Say 0.", "Say 1.\n\ntwice"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "asked.json",
        "beam.jsonl",
        "greedy.jsonl",
        "toy",
    ]


def test_answers_never_take_the_place_of_the_instructions(toy: str, asked: str) -> None:
    result = run("--model", toy, "--instructions", asked, "--output", asked)
    assert result.exit_code == 2
    assert "is an input file and would be overwritten; choose another path" in result.stderr
    assert json.loads(Path(asked).read_text(encoding="utf-8")) == ASKED
    template = Path(asked).with_name("own.yaml")
    template.write_text("text: x", encoding="utf-8")
    given = ("--model", toy, "--instructions", asked, "--template", str(template), "--output", str(template))
    assert "is an input file and would be overwritten; choose another path" in run(*given).stderr


def test_it_goes_on_where_it_was_stopped(
    toy: str, asked: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def said(self: Translator, now: Any, **_: Any) -> list[Hypothesis]:
        if len(seen) == 2:
            seen.append("stop")
            raise KeyboardInterrupt
        seen.extend(each.instruction for each in now)
        return [
            Hypothesis("", "too-long", 0.0, 0, 99)
            if each.instruction == "Say 1."
            else Hypothesis(f"{each.instruction}\nTwo lines.", "stop", -1.0, 3)
            for each in now
        ]

    monkeypatch.setattr(answer, "_AT_ONCE", 2)
    monkeypatch.setattr(Translator, "general_hypotheses", said)
    (tmp_path / "out").mkdir()
    arguments = ("--model", toy, "--instructions", asked, "--output", str(tmp_path / "out" / "a.jsonl"))
    assert run(*arguments).exit_code == 130
    [part] = (tmp_path / "out").iterdir()
    with part.open("a", encoding="utf-8") as file:
        file.write('{"instruction": "Say 2.", "outp')  # a kill in the middle of a line
    result = run(*arguments)
    assert result.exit_code == 1
    assert "instruction 2 is too long and left empty: with its prompt it has 99 tokens" in result.stderr
    assert seen == ["Say 0.", "Say 1.", "stop", "Say 2.", "Say 3.", "Say 4."]
    [whole] = (tmp_path / "out").iterdir()
    expected = ["" if n == 1 else f"Say {n}.\nTwo lines." for n in range(5)]
    assert [row["output"] for row in written(whole)] == expected


def test_mistakes_are_told_before_the_model_is_loaded(tmp_path: Path, asked: str) -> None:
    (tmp_path / "bad.jsonl").write_text('{"instruction": "a"}\n{"question": "b"}\n', encoding="utf-8")
    result = run("--model", "toy", "--instructions", str(tmp_path / "bad.jsonl"), "--output", "a.jsonl")
    assert result.exit_code == 2
    assert "bad.jsonl', line 2: a record needs the key `instruction`, and may" in result.output
    result = run("no/such/model", "--instructions", asked, "--output", str(tmp_path / "a.jsonl"))
    assert result.exit_code == 2
    assert "there is no model directory" in result.output
    assert not list(tmp_path.glob("*a.jsonl*"))
