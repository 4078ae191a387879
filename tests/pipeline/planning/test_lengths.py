"""Prompts and samples that are too long for a model, told before any work."""

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="needs the extra `train`")

from tests.pipeline.conftest import LINES, RECIPE
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    OPTConfig,
    OPTForCausalLM,
    PreTrainedModel,
)

from ontarget.errors import UserError
from ontarget.pipeline.execution.progress import Silent
from ontarget.pipeline.planning.lengths import check_lengths
from ontarget.pipeline.planning.models import check_models
from ontarget.pipeline.planning.plan import Plan
from ontarget.pipeline.run import make_plan
from ontarget.recipes.loading import check
from ontarget.training.new_model import make_tokenizer

_STAGES = {"mt": {"kind": "sft", "from": "model", "tuning": {"max_steps": 1}}}


class Noted(Silent):
    """Keeps what it is told."""

    def __init__(self, said: list[str]) -> None:
        self.said = said

    def say(self, text: str) -> None:
        self.said.append(text)


def model_of(kind: str, positions: int) -> PreTrainedModel:
    small: dict[str, Any] = {
        "vocab_size": 400,
        "hidden_size": 8,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
    }
    if kind == "gpt2":
        return GPT2LMHeadModel(
            GPT2Config(vocab_size=400, n_embd=8, n_layer=1, n_head=2, n_positions=positions)
        )
    small |= {"max_position_embeddings": positions, "bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 2}
    if kind == "opt":
        return OPTForCausalLM(OPTConfig(**small, word_embed_proj_dim=8, ffn_dim=8))
    return LlamaForCausalLM(LlamaConfig(**small, intermediate_size=8))


def plan_of(folder: Path, kind: str, positions: int, **changes: Any) -> Plan:
    model_of(kind, positions).save_pretrained(folder / "base")
    make_tokenizer([line for of_one in LINES.values() for line in of_one], 400).save_pretrained(
        folder / "base"
    )
    recipe = {**RECIPE, "model": str(folder / "base"), "template": "plain", "test_lines": 4, "stages": {}}
    return make_plan(check(recipe | {"systems": {"base": {}}} | changes, "short"))


def test_positions_that_are_learnt_must_do_for_the_samples(corpus_files: Path) -> None:
    for kind in ("gpt2", "opt"):
        plan = plan_of(corpus_files, kind, 300, stages=_STAGES, systems=["mt"])
        with pytest.raises(
            UserError, match=r"stages\.mt\.tuning\.max_length is 512, but .* has only 300 learned pos"
        ):
            check_models(plan, plan.everything())
    enough = {"mt": _STAGES["mt"] | {"tuning": {"max_steps": 1, "max_length": 300}}}
    plan = plan_of(corpus_files, "opt", 300, stages=enough, systems=["mt"])
    assert check_models(plan, plan.everything()) == []
    plan = plan_of(corpus_files, "llama", 300, stages=_STAGES, systems=["mt"])
    assert check_models(plan, plan.everything()) == []


def test_prompts_that_do_not_fit_are_counted_by_direction(corpus_files: Path) -> None:
    lines = Path("test.it").read_text(encoding="utf-8").split("\n")
    lines[1] *= 99
    Path("test.it").write_text("\n".join(lines), encoding="utf-8")
    systems = {"base": {}, "mt": {"model": "mt"}, "pivot": {"model": "mt"}}
    plan = plan_of(corpus_files, "llama", 200, stages=_STAGES, systems=systems)
    said = check_lengths(plan, plan.everything())
    assert [sentence.split(":")[0] for sentence in said] == ["base model", "MT", "Pivot"]
    assert all("2 of 24 test prompts do not fit into the context of" in sentence for sentence in said)
    assert all(sentence.endswith("(it-nl: 1, it-en: 1)") for sentence in said)
    plan = plan_of(corpus_files, "llama", 2000, stages=_STAGES, systems=systems)
    assert check_lengths(plan, plan.everything()) == []


def test_a_system_none_of_whose_prompts_fits_is_refused(corpus_files: Path) -> None:
    systems = {"base": {}, "5-shot": {"model": str(corpus_files / "base"), "num_fewshot": 2}}
    plan = plan_of(corpus_files, "llama", 90, systems=systems)
    with pytest.raises(
        UserError, match=r"systems\.5-shot: none of the 24 test prompts fits into the context of"
    ):
        check_lengths(plan, plan.everything())


@pytest.mark.parametrize(
    ("named", "left"),
    [
        ((), ["base"]),  # the model alone: the recipe is to measure what it can do
        (("systems={base: {}, 5-shot: {num_fewshot: 2}}",), ["base", "5-shot"]),
        (("systems.5-shot.decoding.num_beams=1",), ["base", "5-shot"]),
    ],
)
def test_a_recipe_for_any_model_leaves_out_demonstrations_without_room(
    corpus_files: Path, named: tuple[str, ...], left: list[str]
) -> None:
    base = plan_of(corpus_files, "llama", 90).recipe
    systems = {"base": {}, "5-shot": {"num_fewshot": 2}}
    recipe = check(base.settings() | {"model": None, "systems": systems}, "any")
    said: list[str] = []
    plan = make_plan(recipe, [f"model={base.model}", *named], progress=Noted(said))
    assert list(plan.recipe.systems) == left
    if not named:
        assert said == [
            f"5-shot is left out: none of the 24 test prompts fits into the context of '{base.model}', "
            "90 tokens for prompt and output together"
        ]
        check_lengths(plan, plan.everything())
    else:
        with pytest.raises(UserError, match=r"systems\.5-shot: none of the 24 test prompts fits"):
            check_lengths(plan, plan.everything())


def test_where_nothing_else_is_left_a_system_without_room_is_refused(corpus_files: Path) -> None:
    base = plan_of(corpus_files, "llama", 90).recipe
    recipe = check(base.settings() | {"model": None, "systems": {"5-shot": {"num_fewshot": 2}}}, "any")
    plan = make_plan(recipe, [f"model={base.model}"])
    with pytest.raises(UserError, match=r"systems\.5-shot: none of the 24 test prompts fits"):
        check_lengths(plan, plan.everything())


def test_what_is_made_from_nothing_has_no_tokenizer_yet(corpus_files: Path) -> None:
    plan = make_plan(check(RECIPE, "fake"))
    assert check_lengths(plan, plan.everything()) == []
    assert not (corpus_files / "runs").exists()
