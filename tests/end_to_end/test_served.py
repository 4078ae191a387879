"""`ontarget run` on a model behind a server: greedy rows, resumed by direction, wherever the server is."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.openai_server import Answer, Server, serving

import ontarget
from ontarget.errors import UserError
from ontarget.pipeline.planning.models import check_models
from ontarget.pipeline.planning.served import load_fitting
from ontarget.pipeline.run import make_plan
from ontarget.recipes.loading import load

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


class Said:
    """Keeps messages; shows no progress."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, line: str) -> None:
        self.lines.append(line)

    @contextmanager
    def task(self, what: str) -> Iterator[Any]:
        yield lambda *_: None


def test_diagnose_as_it_stands_leaves_out_what_a_server_cannot_do() -> None:
    said = Said()
    with serving(answer) as server:
        plan = make_plan("diagnose", {"model": server.url, "corpus": RECIPE["corpus"]}, progress=said)
        assert check_models(plan, plan.everything()) == []  # refuses what the server cannot do
    assert said.lines == [
        "a model on a server has no beam search and no score adjustment, so decoding is greedy "
        "(num_beams=1); left out: contrastive"
    ]
    assert list(plan.recipe.systems) == ["base", "ptl", "1-shot", "5-shot", "pivot"]
    assert plan.recipe.served is not None
    assert (plan.recipe.served.name, plan.recipe.decoding.num_beams) == ("tower", 1)


def test_reranking_keeps_its_samples_where_decoding_is_greedy() -> None:
    systems = {"base": {}, "reranked": {"rerank": {}}, "language-prior": {"prior": {}}}
    mine = load("diagnose", {"systems": systems, "decoding.num_beams": 3})
    said = list[str]()
    with serving(answer) as server:
        fitted = load_fitting(mine, {"model": server.url, "served.concurrency": 2}, said.append)
    assert {name: fitted.decoding_of(name).num_beams for name in fitted.systems} == {"base": 1, "reranked": 3}
    assert fitted.served is not None
    assert (fitted.served.name, fitted.served.concurrency) == ("tower", 2)
    assert said[0].endswith("so decoding is greedy (num_beams=1); left out: language-prior")


def test_what_is_named_stays() -> None:
    said = list[str]()
    overrides = {"model": "http://localhost/v1", "served": "tower", "decoding.num_beams": 2}
    fitted = load_fitting("diagnose", overrides | {"systems": ["base", "contrastive"]}, said.append)
    assert (list(fitted.systems), fitted.decoding.num_beams, said) == (["base", "contrastive"], 2, [])
    here = load_fitting("diagnose", {"model": "owner/name"}, said.append)
    assert (here.decoding.num_beams, "contrastive" in here.systems, said) == (4, True, [])


def test_a_server_with_several_models_needs_a_name() -> None:
    def several(path: str, body: dict[str, Any]) -> Answer:
        return {"data": [{"id": "tower"}, {"id": "gemma"}]}

    with serving(several) as server, pytest.raises(UserError) as caught:
        run(server, served=None)
    assert "has 2 models (tower, gemma); name the one to use (--served, `served`)" in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
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
