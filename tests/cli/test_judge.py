"""`ontarget judge`, whole, against a judge on this machine."""

import json
from pathlib import Path

import pytest
from tests.scoring.judge_server import prefers, serving
from typer.testing import CliRunner

from ontarget.cli.app import app


def ontarget(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["judge", *arguments])
    return done.exit_code, done.stdout, done.output


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    Path("asked.txt").write_text("".join(f"Say {n}.\n" for n in range(4)))
    Path("a.txt").write_text("good 0\ngood 1\ngood 2\nbad\n")
    Path("b.txt").write_text("bad\nbad\nbad\ngood 3\n")


FILES = ("a.txt", "b.txt", "--instructions", "asked.txt", "--model", "m")


def test_a_rate_with_its_interval_counts_and_cost() -> None:
    with serving(prefers("good")) as server:
        code, stdout, _ = ontarget(*FILES, "--url", server.url, "--price", "1000", "2000", "--json")
        assert code == 0
        found = json.loads(stdout)
        assert (found["win_rate"]["value"], found["win_rate"]["n"]) == (75.0, 4)
        assert found["interval"] == pytest.approx([30.06, 95.44], abs=0.01)
        assert [found[verdict] for verdict in ("win", "tie", "loss", "invalid")] == [3, 0, 1, 0]
        assert (found["tokens_in"], found["tokens_out"]) == (800, 56)
        assert found["cost"] == found["cost_now"] == pytest.approx(0.8 + 0.112)
        _, stdout, _ = ontarget(*FILES, "--url", server.url, "--price", "1000", "2000", "--limit", "2")
    assert len(server.asked) == 8
    assert "100.0" in stdout
    assert "400 input tokens, 28 output tokens; cost 0.46, of which 0.00 in this call" in stdout
    assert "win_rate|judge:m|" in stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("a.txt", "b.txt", "--model", "m", "--url", "http://x/v1"), "has instructions: give them as"),
        ((*FILES, "--url", "x/v1"), "'x/v1' is not the address of a server"),
        (("a.txt", "c.txt", "--model", "m", "--url", "http://x/v1"), "there is no file 'c.txt'"),
    ],
)
def test_mistakes_are_one_sentence_and_nothing_is_written(arguments: tuple[str, ...], message: str) -> None:
    code, _, output = ontarget(*arguments)
    assert code == 2
    assert message in output
    assert "Traceback" not in output
    assert not Path("judge.jsonl").exists()


def test_help_teaches_with_examples() -> None:
    code, _, output = ontarget("--help")
    assert code == 0
    assert "ontarget judge lat.jsonl mt.jsonl" in output
