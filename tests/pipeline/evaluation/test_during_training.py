"""How a stage is judged while it trains, and when that makes another model."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.pipeline.conftest import RECIPE, Workshop, fake_recipe

from ontarget.corpora.corpus import Corpus
from ontarget.errors import UserError
from ontarget.pipeline.evaluation.during_training import evaluation_of, evaluator
from ontarget.pipeline.execution import stages
from ontarget.pipeline.planning.artifacts import Store
from ontarget.pipeline.planning.inputs import load_corpus
from ontarget.pipeline.run import make_plan
from ontarget.recipes.schema.recipe import Recipe
from ontarget.translation.hypothesis import Hypothesis
from ontarget.translation.system import Request, System


def judged(stage: str = "mt", changes: Any = None, **evaluation: Any) -> Recipe:
    block = RECIPE["stages"][stage] | {"evaluation": {"every": 5, **evaluation}}
    return fake_recipe(stages=RECIPE["stages"] | {stage: block}, **(changes or {}))


def test_to_look_on_makes_no_other_model_and_to_choose_does(workshop: Workshop) -> None:
    plain, looked_on = make_plan(fake_recipe()).stages, make_plan(judged(lines=3)).stages
    chosen = make_plan(judged(best="zero_shot_otr")).stages
    assert plain == looked_on
    assert {name for name in plain if plain[name] != chosen[name]} == {"mt", "lat", "ontarget"}


def test_what_is_chosen_by_counts_with_its_text(workshop: Workshop) -> None:
    before = make_plan(judged(best="zero_shot_otr")).stages["mt"]
    path = Path("validation.it")
    path.write_text(path.read_text().replace("casa", "scuola"))
    assert make_plan(judged(best="zero_shot_otr")).stages["mt"] != before


def test_mistakes_are_said_before_anything_is_made(workshop: Workshop) -> None:
    with pytest.raises(UserError, match="`patience` needs `best`"):
        judged(patience=3)
    # Two languages have no zero-shot direction, and leave no third one to ask for.
    reverse = RECIPE["stages"]["ontarget"] | {"conflict": {"policy": "reversed"}}
    mt = RECIPE["stages"]["mt"] | {"evaluation": {"every": 5, "best": "zero_shot_otr"}}
    stages = RECIPE["stages"] | {"mt": mt, "ontarget": reverse}
    two = fake_recipe(stages=stages, languages=["en", "it"], systems=["mt"])
    with pytest.raises(UserError, match=r"stages\.mt\.evaluation\.best is zero_shot_otr, but no direction"):
        _ = make_plan(two).stages
    Path("validation.nl").unlink()
    with pytest.raises(UserError, match=r"validation"):
        _ = make_plan(judged()).stages


@pytest.mark.parametrize("key", [{"lora": {}}, {"freeze_embeddings": True}])
def test_a_model_from_nothing_learns_all_of_itself(key: dict[str, Any]) -> None:
    base = RECIPE["stages"]["base"] | {"tuning": {"max_steps": 1, **key}}
    with pytest.raises(UserError, match="need a model that is already trained"):
        fake_recipe(stages=RECIPE["stages"] | {"base": base})


def test_scores_are_means_over_the_directions_of_each_kind(
    fake_corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch")
    from ontarget.checkpoints import load
    from ontarget.translation import translate
    from ontarget.translation.engines import transformers as engines

    asked: list[System] = []

    def answers(system: System, model: Any, requests: Sequence[Request]) -> list[Hypothesis]:
        """References, but English in one of the two zero-shot directions."""
        asked.append(system)
        texts = [
            "We are going home now, all of us."
            if str(r.direction) == "it-nl"
            else references[r.source, r.direction]
            for r in requests
        ]
        return [Hypothesis(text, "stop", 0.0, 1) for text in texts]

    recipe = judged("mt", lines=2, num_beams=3, changes={"decoding": {"max_new_tokens": 7}})
    directions = [*recipe.zero_shot, *recipe.supervised]
    references = {
        (pair.source, d): pair.target
        for d in directions
        for pair in fake_corpus.translations("validation", d)
    }
    monkeypatch.setattr(load, "load_tokenizer", lambda start: None)
    monkeypatch.setattr(engines, "TransformersEngine", lambda model, tokenizer: model)
    monkeypatch.setattr(translate, "translate", answers)
    scores = evaluator(recipe, "mt", fake_corpus, "start")("a model", 5)
    assert scores["zero_shot_otr"] == 50.0
    assert 50.0 <= scores["zero_shot_bleu"] < 60.0
    assert (scores["supervised_otr"], scores["supervised_bleu"]) == (0.0, pytest.approx(100.0))
    assert (asked[0].decoding.num_beams, asked[0].decoding.max_new_tokens) == (3, 7)


def test_otr_is_better_where_it_is_lower(fake_corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    monkeypatch.setattr("ontarget.pipeline.evaluation.during_training.evaluator", lambda *_: None)
    for best, lower in (("zero_shot_otr", True), ("supervised_bleu", False), (None, False)):
        made = evaluation_of(judged(best=best), "mt", fake_corpus, "start")
        assert made is not None
        assert (made.every, made.best, made.lower_is_better) == (5, best, lower)
    assert evaluation_of(fake_recipe(), "mt", fake_corpus, "start") is None


def test_a_real_model_is_judged_and_not_changed_by_it(corpus_files: Path, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from safetensors.torch import load_file

    tuning = {"max_steps": 2, "global_batch_size": 2, "learning_rate": 1e-3}
    shape = {"vocabulary": 300, "hidden": 16, "layers": 1, "heads": 2, "intermediate": 32}
    base = RECIPE["stages"]["base"] | {"model": shape, "tuning": tuning}
    made = {}
    for evaluation in (None, {"every": 1, "lines": 1}):
        mt = RECIPE["stages"]["mt"] | {"tuning": tuning, "evaluation": evaluation}
        recipe = fake_recipe(stages={"base": base, "mt": mt}, systems=["mt"], decoding={"max_new_tokens": 4})
        for stage, start in (("base", None), ("mt", "base")):
            folder = tmp_path / f"{stage}-{evaluation is None}"
            folder.mkdir()
            stages.make_model(
                recipe,
                stage,
                load_corpus(recipe),
                tmp_path / f"{start}-{evaluation is None}" if start else None,
                folder=folder,
                work=tmp_path / f"{folder.name}.work",
                store=Store(tmp_path),
                update=lambda *_: None,
            )
        made[evaluation is None] = load_file(folder / "model.safetensors")
    assert all(torch.equal(made[True][name], made[False][name]) for name in made[True])
    log = [json.loads(line) for line in (tmp_path / "mt-False" / "log.jsonl").read_text().splitlines()]
    found = [record for record in log if "zero_shot_otr" in record]
    assert [record["step"] for record in found] == [1, 2]
    assert {"zero_shot_bleu", "supervised_otr", "supervised_bleu"} <= found[0].keys()
