"""`ontarget run` on a model behind a server: greedy rows, resumed by direction, wherever the server is."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.openai_server import Answer, Server, serving

import ontarget
from ontarget.errors import UserError

RECIPE = {
    "model": "URL",
    "served": "tower",
    "languages": ["en", "it", "nl"],
    "corpus": {"phrasebook": {"tuples": 1, "seed": 1}},
    "template": "plain",
    "test_lines": 2,
    "systems": ["base", "1-shot", "pivot"],
    "decoding.num_beams": 1,
    "name": "served",
}


def answer(path: str, body: dict[str, Any]) -> Answer:
    if path == "models":
        return {"data": [{"id": "tower"}]}
    return {"choices": [{"text": f" Het huis {len(body['prompt'])}.\nx", "finish_reason": "length"}]}


def run(server: Server, **changes: Any) -> Path:
    return ontarget.run("diagnose", {**RECIPE, "model": server.url, **changes}).directory


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")


def test_a_run_and_the_same_model_at_another_address() -> None:
    with serving(answer) as server:
        folder = run(server)
        asked = len(server.asked)
        (folder / "outputs" / "base" / "it-nl.jsonl").unlink()
        run(server)
        again = [one.path for one in server.asked[asked:] if one.path != "models"]
        assert again == ["completions", "completions"]  # the missing direction alone
    with serving(answer) as elsewhere:
        run(elsewhere)
    assert elsewhere.asked == []  # its translations are there
    [row, _] = map(json.loads, (folder / "outputs" / "base" / "it-nl.jsonl").read_text().splitlines())
    assert row["text"].startswith("Het huis")
    assert (row["finish_reason"], row["log_probability"]) == ("stop", None)
    written = [file for file in folder.rglob("*") if file.is_file()]
    assert not [file for file in written if b"sk-secret" in file.read_bytes()]


def test_a_system_that_a_server_cannot_do_is_named_before_any_work() -> None:
    with serving(answer) as server, pytest.raises(UserError) as caught:
        run(server, **{"decoding.num_beams": 4, "systems": ["base", "contrastive"]})
    assert server.asked == []
    assert str(caught.value) == (
        "a model on a server cannot do this: 'base' uses a beam of 4; 'contrastive' uses contrastive "
        "decoding, a beam of 4; use greedy decoding (decoding.num_beams=1) and leave out the other systems "
        "(systems='[base]')"
    )
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"served": None}, "is a server; add served=NAME, the model's name on it"),
        ({"model": "owner/name"}, "'served' is for a model on a server; set 'model' to its URL"),
        (
            {"systems": {"other": {"model": "http://x/v1"}}},
            "give it as the `model` of a recipe without stages",
        ),
        ({"served": {"name": "tower", "concurrency": 0}}, "concurrency"),
        ({"served": "gemma"}, "has no model 'gemma'; it has tower"),
    ],
)
def test_mistakes_are_one_sentence(changes: dict[str, Any], message: str) -> None:
    with serving(answer) as server, pytest.raises(UserError) as caught:
        run(server, **changes)
    assert message in str(caught.value)
