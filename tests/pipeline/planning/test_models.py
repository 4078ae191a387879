"""What a recipe's models lack is found before any work: by run, train and --plan, and from Python."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("peft", reason="needs the extra `train`")

from tests.checkpoints.conftest import change, make
from tests.pipeline.conftest import LINES
from tests.prompts.test_chat import CHATML

import ontarget
from ontarget.checkpoints import load
from ontarget.errors import UserError
from ontarget.pipeline.planning import models
from ontarget.pipeline.planning.artifacts import identity
from ontarget.pipeline.planning.models import check_models
from ontarget.pipeline.planning.plan import Plan
from ontarget.pipeline.run import carry_out, make_plan, train
from ontarget.recipes.loading import check
from ontarget.recipes.schema.recipe import Recipe

TUNING = {"max_steps": 1, "global_batch_size": 2}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("models"))


@pytest.fixture
def llama(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder `llama`, beside `lora` and some text; both are the test's own."""
    monkeypatch.chdir(shutil.copytree(whole, tmp_path / "here"))
    for split in ("train", "validation", "test"):
        for code, lines in LINES.items():
            Path(f"{split}.{code}").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return Path("llama")


def recipe(model: str = "llama", **changes: object) -> Recipe:
    settings = {
        "name": "small",
        "languages": ["en", "it", "nl"],
        "pivot": "en",
        "corpus": {"plain": {s: f"{s}.{{language}}" for s in ("train", "validation", "test")}},
        "overlap": "allow",
        "template": "plain",
        "model": model,
        "stages": {"mt": {"kind": "sft", "from": "model", "samples": 4, "tuning": TUNING}},
        "systems": ["mt"],
        "decoding": {"num_beams": 1, "max_new_tokens": 2},
    }
    return check(settings | changes, "small")


def plan_of(*args: str, **changes: object) -> Plan:
    return make_plan(recipe(*args, **changes))


def look(plan: Plan) -> None:
    check_models(plan, plan.everything())


def cut(folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-8])


DAMAGES: list[tuple[Callable[[Path], object], str]] = [
    (cut, r"'llama/model\.safetensors' is cut off"),
    (lambda m: (m / "tokenizer.json").unlink(), "'llama' has no tokenizer"),
    (lambda m: change(m / "config.json", lambda c: c.update(num_hidden_layers=3)), "which would be random"),
    (lambda m: change(m / "tokenizer_config.json", lambda c: c.pop("eos_token")), "no end-of-sequence token"),
]


@pytest.mark.parametrize(("damage", "why"), DAMAGES)
@pytest.mark.parametrize("act", [look, carry_out, train, lambda plan: ontarget.run(plan.recipe)])
def test_damage_is_found_before_any_work(
    llama: Path, damage: Callable[[Path], object], why: str, act: Callable[[Plan], object]
) -> None:
    damage(llama)
    with pytest.raises(UserError, match=why):
        act(plan_of())
    assert not Path("runs").exists()


def test_a_model_that_is_only_asked_needs_no_end_token(llama: Path) -> None:
    change(llama / "tokenizer_config.json", lambda c: c.pop("eos_token"))
    look(plan_of(stages={}, systems={"a": {"model": "llama"}}))


def test_tokens_of_the_template_need_an_embedding(llama: Path) -> None:
    tokenizer = load.load_tokenizer(llama)
    tokenizer.add_special_tokens({"eos_token": "<end>"})
    tokenizer.save_pretrained(llama)
    with pytest.raises(UserError, match=r"'llama': the text needs the token '<end>' \(id \d+\)"):
        look(plan_of())


def test_a_chat_model_that_is_asked_otherwise_is_announced(llama: Path) -> None:
    plan = plan_of()
    assert check_models(plan, plan.everything()) == []
    (llama / "chat_template.jinja").write_text(CHATML, encoding="utf-8")
    [said] = check_models(plan, plan.everything())
    assert said == (
        "'llama': the model has a chat template, but is prompted with the template 'plain'; "
        "if it was tuned to chat, use the template 'chat'"
    )
    (llama / "ontarget.json").write_text('{"languages": ["en", "it", "nl"], "directions": []}', "utf-8")
    assert check_models(plan, plan.everything()) == []  # it was tuned here, with that template


def test_what_is_done_is_not_looked_at(llama: Path) -> None:
    plan = plan_of()
    cut(llama)
    check_models(plan, [])


def test_a_model_that_a_run_made_and_that_was_damaged_since(llama: Path) -> None:
    train(plan_of())
    made = Path("runs/small/models/mt")
    cut(made)
    with pytest.raises(UserError, match=r"models/mt/model\.safetensors' is cut off.*or delete 'runs/"):
        look(plan_of())
    shutil.rmtree(made)
    look(plan_of())


def test_an_adapter_is_tuned_and_asked_like_any_model(llama: Path) -> None:
    done = ontarget.run(recipe("lora"))
    weights = load.load_model(done.directory / "models" / "mt").state_dict()
    of_base, of_adapter = (load.load_model(m).state_dict() for m in (llama, Path("lora")))
    name = "model.layers.0.self_attn.q_proj.weight"
    assert set(weights) == set(of_base)
    # One small step from the merged model is nowhere near the base.
    assert (weights[name] - of_adapter[name]).abs().max() < 0.01 < (weights[name] - of_base[name]).abs().max()


def test_an_adapter_is_known_by_its_base_too(llama: Path) -> None:
    before = identity("lora"), identity("llama")
    change(llama / "config.json", lambda c: c.update(max_position_embeddings=512))
    assert identity("llama") != before[1]
    assert identity("lora") != before[0]


def test_a_model_of_the_hub_that_is_out_of_reach_is_left_to_be_loaded(
    llama: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "can_be_had", lambda name: False)
    models._check_files.cache_clear()
    models.check_model(recipe("owner/name"), "owner/name", tuned=True)


def test_without_the_model_stack_nothing_can_be_looked_at(
    llama: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_of()
    cut(llama)
    monkeypatch.setattr(models, "STACK", ("no_such_package",))
    look(plan)
