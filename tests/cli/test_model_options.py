"""Models on servers, from the command line: `translate`, `answer` and their options."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.openai_server import Answer, chat_reply, serving
from typer.testing import CliRunner

from ontarget.cli.app import app
from ontarget.cli.model_options import chosen_model
from ontarget.errors import UserError
from ontarget.served_model import ServedModel

SECRET, NAME = "sk-very-secret", "TowerInstruct-7B"


def ontarget(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, arguments)
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    Path("text.de").write_text("Das Haus ist groß.\n\nDie Katze schläft auf dem Sofa.\n", encoding="utf-8")


def french(path: str, body: dict[str, Any]) -> Answer:
    """A server whose model knows two sentences."""
    if path == "models":
        return {"data": [{"id": NAME, "max_model_len": 4096}]}
    house = "Haus" in json.dumps(body)
    text = "La maison est grande." if house else "Le chat dort sur le canapé."
    if path == "completions":
        return {"choices": [{"text": text, "finish_reason": "stop"}]}
    return chat_reply(text)


TRANSLATED = "La maison est grande.\n\nLe chat dort sur le canapé.\n"


def test_translate_with_the_only_model_of_a_server() -> None:
    with serving(french) as server:
        code, stdout, stderr = ontarget(
            "translate", "--model", server.url, "--from", "de", "--to", "fr", "text.de"
        )
    assert (code, stdout) == (0, TRANSLATED)
    assert f"prompt template is 'tower', since the model's name '{NAME}' is that of a known model" in stderr
    bodies = server.bodies("chat/completions")
    assert len(bodies) == 2  # an empty line is not sent
    assert {(body["model"], body["temperature"]) for body in bodies} == {(NAME, 0)}
    assert all(asked.headers["Authorization"] == f"Bearer {SECRET}" for asked in server.asked)


def test_a_template_of_text_and_every_option() -> None:
    with serving(french) as server:
        code, stdout, stderr = ontarget(
            *("translate", "--model", server.url, "--served", NAME, "--template", "alpaca"),
            *("--from", "de", "--to", "fr", "--concurrency", "1", "--api-key-env", "NO_KEY", "text.de"),
            *("--retry", "rerank,pivot", "--report", "report.jsonl", "-o", "text.fr"),
        )
    assert (code, stdout) == (0, ""), stderr
    assert Path("text.fr").read_text(encoding="utf-8") == TRANSLATED
    assert server.most_at_once == 1
    assert "### Input:\nDas Haus ist groß." in server.bodies("completions")[0]["prompt"]
    assert all("Authorization" not in asked.headers for asked in server.asked)


def test_answer_names_the_model_and_not_the_key() -> None:
    Path("asked.jsonl").write_text('{"instruction": "Say Haus."}\n{"instruction": "Say Katze."}\n')
    command = ("answer", "--instructions", "asked.jsonl", "-o", "out.jsonl", "--template", "alpaca")
    with serving(french) as server:
        code, _, stderr = ontarget(*command, "--model", server.url, "--served", NAME)
    assert code == 0, stderr
    written = Path("out.jsonl").read_text(encoding="utf-8")
    records = [json.loads(line) for line in written.splitlines()]
    assert [record["output"] for record in records] == [line for line in TRANSLATED.split("\n") if line]
    assert {record["generator"] for record in records} == {NAME}
    assert SECRET not in written + stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ("--model", "URL", "--served", "Tower-7B"),
            "has no model 'Tower-7B'; did you mean 'TowerInstruct-7B'?",
        ),
        (("--model", "http://127.0.0.1:9/v1", "--served", "x"), "no reply from http://127.0.0.1:9/v1: "),
        (("--model", "http://me:pw@host/v1"), "must be of the form http://localhost:8000/v1, without a user"),
        (
            ("--model", "URL", "--num-beams", "4"),
            "the engine 'server' does not support beam search; set num_",
        ),
        (("--model", "my/model", "--served", "x"), "--served is for a model on a server; give its URL"),
        (("--model", "my/model", "--tokenizer", "x"), "--tokenizer is for a model on a server; give its URL"),
    ],
)
def test_mistakes_are_one_sentence(options: tuple[str, ...], message: str) -> None:
    with serving(french) as server:
        given = [server.url if option == "URL" else option for option in options]
        code, stdout, stderr = ontarget("translate", *given, "--from", "de", "--to", "fr", "text.de")
    assert (code, stdout) == (2, "")
    assert message in stderr
    assert "Traceback" not in stderr
    assert "pw" not in stderr


def test_the_options_of_a_server_make_a_model() -> None:
    made = chosen_model("http://a/v1", "tower", "dir", "KEY", 3)
    assert made == ServedModel("http://a/v1", "tower", "dir", "KEY", 3)
    assert chosen_model("owner/name") == "owner/name"
    with pytest.raises(UserError, match="is not the address of a server"):
        chosen_model("http://")
