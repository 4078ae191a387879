"""The plan reads and never writes."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from tests.pipeline.conftest import RECIPE, Workshop, fake_recipe

from ontarget.errors import UserError
from ontarget.languages import Direction
from ontarget.pipeline.planning.inputs import learnt, prompt_text, template_of
from ontarget.pipeline.run import make_plan, run
from ontarget.prompts.template import PromptTemplate


def test_a_plan_writes_nothing(workshop: Workshop) -> None:
    steps = make_plan(fake_recipe()).everything()
    assert all(step.todo for step in steps)
    assert not Path("runs").exists()


def test_steps_come_after_what_they_need(workshop: Workshop) -> None:
    before: set[str] = set()
    for step in make_plan(fake_recipe()).everything():
        assert set(step.needs) <= before
        before.add(step.id)
    assert {"model/base", "outputs/pivot", "scores/scores.json", "report/report.html"} <= before


def test_systems_of_one_model_stand_together(workshop: Workshop) -> None:
    plan = make_plan(fake_recipe(systems=["mt", "base", "lat", "pivot"]))
    assert plan.by_model == ["mt", "pivot", "base", "lat"]


def test_after_a_run_nothing_is_to_do(workshop: Workshop) -> None:
    run(fake_recipe())
    assert not any(step.todo for step in make_plan(fake_recipe()).everything())


def test_fingerprints_do_not_depend_on_where_the_text_lies(workshop: Workshop, corpus_files: Path) -> None:
    here = make_plan(fake_recipe())
    splits = {split: str(corpus_files / f"{split}.{{language}}") for split in ("train", "validation", "test")}
    there = make_plan(fake_recipe(corpus={"plain": splits}))
    assert here.outputs == there.outputs


def test_half_a_system_is_to_do_where_half_is_missing(workshop: Workshop) -> None:
    run(fake_recipe())
    Path("runs/fake/outputs/mt/nl-it.jsonl").unlink()
    steps = {step.id: step.todo for step in make_plan(fake_recipe()).everything()}
    assert steps["outputs/mt"] == ("nl-it",)
    assert not steps["outputs/lat"]
    assert not steps["scores/scores.json"]  # the same outputs will give the same scores


@pytest.mark.parametrize("change", [{"separator": " "}, {"instruction": "Please. {instruction}\n"}])
def test_other_words_make_other_models_and_outputs(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, change: dict[str, str]
) -> None:
    before, worded = make_plan(fake_recipe()), replace(PromptTemplate.load("plain"), **change)
    stages, outputs = before.stages, before.outputs
    monkeypatch.setattr(PromptTemplate, "load", lambda *_: worded)
    after = make_plan(fake_recipe())
    assert {name for name in stages if stages[name] != after.stages[name]} == {"mt", "lat", "ontarget"}
    assert all(outputs[system][d] != after.outputs[system][d] for system in outputs for d in outputs[system])


def stages(**changes: object) -> Mapping[str, str]:
    """Fingerprints of the models, with keys of `mt` and of `ontarget` changed."""
    changed = {name: RECIPE["stages"][name] | changes for name in ("mt", "ontarget")}
    return make_plan(fake_recipe(stages=RECIPE["stages"] | changed)).stages


def test_keys_that_say_nothing_make_no_old_model_again(workshop: Workshop) -> None:
    assert stages(wordings={}, general=None) == stages()


def test_wordings_and_general_instructions_make_other_models(workshop: Workshop) -> None:
    Path("general.json").write_text('[{"instruction": "a", "output": "b"}]', encoding="utf-8")
    general = {"path": "general.json", "ratio": 0.1}
    all_of_them = [
        stages(),
        stages(wordings={"plain": 1}),
        stages(wordings={"plain": 1, "alpaca": 1}),
        stages(wordings={"plain": 1, "alpaca": 2}),
        stages(general=general),
        stages(general=general | {"ratio": 0.2}),
    ]
    Path("general.json").write_text('[{"instruction": "a", "output": "c"}]', encoding="utf-8")
    all_of_them.append(stages(general=general))
    assert len({plan["mt"] for plan in all_of_them}) == len({plan["ontarget"] for plan in all_of_them}) == 7
    assert len({plan["base"] for plan in all_of_them}) == 1
    shutil.copy("general.json", "moved.json")  # where it lies is of no matter
    assert stages(general=general | {"path": "./moved.json"}) == all_of_them[-1]


def test_counts_are_read_from_a_run_and_decide(workshop: Workshop) -> None:
    def model(counts: object) -> str:
        conflict = {"policy": "confusion", "counts": counts}
        changed = {"ontarget": RECIPE["stages"]["ontarget"] | {"conflict": conflict}}
        return make_plan(fake_recipe(stages=RECIPE["stages"] | changed)).stages["ontarget"]

    run(fake_recipe())
    assert model("runs/fake/outputs/mt") != model({"nl": {"en": 1}})
    with pytest.raises(UserError, match="there is no folder 'runs/fake/outputs/tm'"):
        model("runs/fake/outputs/tm")
    with pytest.raises(UserError, match="contain no outputs in a wrong language"):
        model({"nl": {"nl": 1}})


def test_wordings_need_a_template_with_a_place_for_them(workshop: Workshop) -> None:
    Path("mine.yaml").write_text('instruction: "{target}: "\ninput: "{text}"\n', encoding="utf-8")
    mt = RECIPE["stages"]["mt"] | {"wordings": {"plain": 1}}
    with pytest.raises(
        UserError, match=r"stages.mt.wordings: the template './mine.yaml' has no \{instruction\}"
    ):
        make_plan(fake_recipe(template="./mine.yaml", stages=RECIPE["stages"] | {"mt": mt})).everything()


def test_text_and_languages_that_scores_are_made_of_make_their_outputs(workshop: Workshop) -> None:
    """The model is someone else's and stays: outputs are made again where what they learn from is new."""
    asked = {
        "mt": {},
        "language-prior": {},
        "token-boosting": {},
        "contrastive": {},
        "pivoted": {"contrast": {"against": ["pivot"]}},
        "all": {"contrast": {"against": ["others"]}},
    }
    systems = {name: {"model": "owner/model"} | how for name, how in asked.items()}

    def outputs(**changes: object) -> dict[str, str]:
        made = make_plan(fake_recipe(systems=systems, **changes)).outputs
        return {name: made[name]["it-nl"] for name in systems}

    def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
        return {name for name in systems if before[name] != after[name]}

    first = outputs()
    assert len(set(first.values())) == len(systems)
    assert changed(first, outputs(pivot="nl")) == {"pivoted"}
    for language in ("en", "it", "nl"):
        with Path(f"train.{language}").open("a", encoding="utf-8") as file:
            file.write("One more.\n")
    assert changed(first, outputs()) == {"language-prior", "token-boosting"}


def test_how_demonstrations_stand_in_a_template_of_ones_own_makes_their_outputs(workshop: Workshop) -> None:
    outputs = []
    for end in ("\\n", "\\n\\n"):
        text = f'instruction: "{{target}}: "\ninput: "{{text}}"\ndemonstration_end: "{end}"\n'
        Path("mine.yaml").write_text(text, encoding="utf-8")
        outputs.append(make_plan(fake_recipe(template="./mine.yaml")).outputs)
    assert outputs[0]["1-shot"] != outputs[1]["1-shot"]
    assert outputs[0]["mt"] == outputs[1]["mt"]


def test_a_chat_is_that_of_the_model_at_the_root_of_the_stages(
    workshop: Workshop, corpus_files: Path
) -> None:
    with pytest.raises(UserError, match="this model is trained from scratch"):
        make_plan(fake_recipe(template="chat")).everything()
    chat = corpus_files / "chat-model"
    chat.mkdir()
    says = "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}<assistant>"
    (chat / "tokenizer_config.json").write_text(json.dumps({"chat_template": says}), encoding="utf-8")
    stages = {name: settings for name, settings in RECIPE["stages"].items() if name != "base"}
    stages["mt"] = stages["mt"] | {"from": "./chat-model"}
    recipe = fake_recipe(template="chat", stages=stages, systems=["base", "mt", "ontarget"])
    for model in ("mt", "ontarget", "./chat-model"):
        prompt = prompt_text(template_of(recipe, model), Direction.parse("it-nl"))
        assert prompt == "<user>Translate the following sentences from Italian to Dutch.<assistant>"
    before = make_plan(recipe).stages
    (chat / "chat_template.jinja").write_text(says.replace("<assistant>", "<model>"), encoding="utf-8")
    assert all(make_plan(recipe).stages[name] != before[name] for name in before)


def _staged(**of_mt: object) -> Mapping[str, object]:
    return RECIPE["stages"] | {"mt": RECIPE["stages"]["mt"] | of_mt}


def test_a_stage_of_another_seed_is_another_model_and_so_is_what_starts_from_it(workshop: Workshop) -> None:
    before, after = (make_plan(fake_recipe(stages=_staged(**s))).stages for s in ({}, {"seed": 2}))
    assert {name for name in before if before[name] != after[name]} == {"mt", "lat", "ontarget"}


def test_a_stage_with_the_recipes_own_seed_is_the_same_model(workshop: Workshop) -> None:
    """Whoever says it, the recipe or the stage: no model is made a second time."""
    said = make_plan(fake_recipe(stages=_staged(seed=1))).stages
    assert said == make_plan(fake_recipe()).stages
    assert "seed" not in fake_recipe().settings()["stages"]["mt"]


def test_an_oracle_learns_all_directions(workshop: Workshop) -> None:
    recipe = fake_recipe(stages=_staged(directions="all"))
    assert make_plan(recipe).stages["mt"] != make_plan(fake_recipe()).stages["mt"]
    assert set(map(str, learnt(recipe, recipe.stages["mt"]))) == {
        "it-nl",
        "nl-it",
        "en-it",
        "it-en",
        "en-nl",
        "nl-en",
    }
    assert learnt(recipe, recipe.stages["lat"]) == recipe.supervised
