"""Estimates: right in their proportions, and measured where the step was done before."""

import json
from dataclasses import fields, replace
from pathlib import Path
from statistics import fmean

import pytest
from tests.pipeline.conftest import RECIPE, fake_recipe

from ontarget.corpora.corpus import Corpus
from ontarget.pipeline.planning.artifacts import Store
from ontarget.pipeline.planning.cost import Cost, Estimator
from ontarget.pipeline.planning.model_size import size_of
from ontarget.pipeline.planning.pace import Paces
from ontarget.pipeline.planning.plan import Plan
from ontarget.pipeline.planning.probe import Speeds
from ontarget.pipeline.planning.sample_tokens import new_tokenizer, tokens_a_sample
from ontarget.pipeline.planning.work import Counter, Work
from ontarget.recipes.schema.recipe import Recipe
from ontarget.settings.decoding import Decoding
from ontarget.settings.model_shape import ModelShape
from ontarget.translation.engines import packed_linear

SPEEDS = Speeds(trained=0.1, step=3.0, read=0.01, written=0.05, passed=0.0)


def costs(
    recipe: Recipe, corpus: Corpus, speeds: Speeds | None = SPEEDS, paces: Paces | None = None
) -> dict[str, Cost]:
    plan = Plan(recipe, corpus, Store(Path("runs/fake")))
    estimator = Estimator(plan, lambda *_, **__: speeds, paces or {})
    return {step.id: estimator.cost(step) for step in plan.everything()}


def test_a_faster_machine_takes_less_time(fake_corpus: Corpus) -> None:
    half = Speeds(*(getattr(SPEEDS, field.name) / 2 for field in fields(SPEEDS)))
    slow, fast = costs(fake_recipe(), fake_corpus), costs(fake_recipe(), fake_corpus, half)
    for step in ("model/base", "model/lat", "outputs/mt"):
        assert slow[step].seconds == pytest.approx(2 * (fast[step].seconds or 0))


def test_the_estimate_is_the_time_of_each_token_and_step(fake_corpus: Corpus) -> None:
    found = costs(fake_recipe(), fake_corpus)["model/base"]
    parameters = 8000 * 256 + 6 * (4 * 256**2 + 3 * 256 * 704)
    assert found.disk == 4 * parameters
    tokenizer = new_tokenizer(fake_recipe(), "base", fake_corpus)
    tokens = 128 * tokens_a_sample(fake_recipe(), "base", fake_corpus, tokenizer)
    assert found.seconds == pytest.approx(0.1 * tokens + 3.0)  # one step of 128


def test_memory_is_that_of_the_process_and_what_grows_with_a_micro_batch(fake_corpus: Corpus) -> None:
    def memory(**tuning: int) -> float:
        stage = {**RECIPE["stages"]["base"], "tuning": {"learning_rate": 1, "max_steps": 2, **tuning}}
        return (
            costs(fake_recipe(stages=RECIPE["stages"] | {"base": stage}), fake_corpus)["model/base"].memory
            or 0
        )

    parameters, tokens = 8000 * 256 + 6 * (4 * 256**2 + 3 * 256 * 704), 10
    least = memory(global_batch_size=10_000, max_tokens_per_micro_batch=tokens)
    assert least > 3.5e8 + 16 * parameters  # no training takes less
    more = memory(global_batch_size=10_000, max_tokens_per_micro_batch=tokens + 1000)
    assert more - least == pytest.approx(1000 * 30 * 6 * 256 * 4)


def test_a_pivot_costs_two_steps_in_directions_without_it_and_half_the_lines_half(
    fake_corpus: Corpus,
) -> None:
    found = costs(fake_recipe(), fake_corpus)  # two of the six directions are zero-shot
    assert found["outputs/pivot"].seconds == pytest.approx((6 + 2) / 6 * (found["outputs/mt"].seconds or 0))
    half = costs(fake_recipe(test_lines=1), fake_corpus)
    assert found["outputs/mt"].seconds == pytest.approx(2 * (half["outputs/mt"].seconds or 0))


def test_outputs_after_demonstrations_see_more_tokens(fake_corpus: Corpus) -> None:
    """The time of 5-shot prompts was a fifth of the truth when only their lines were counted."""
    of_seen = Speeds(trained=0.0, step=0.0, read=0.0, written=0.0, passed=0.0, attended=1.0)
    found = costs(fake_recipe(), fake_corpus, of_seen)
    mt, shown = (found[f"outputs/{system}"].seconds or 0 for system in ("mt", "1-shot"))
    plan = Plan(fake_recipe(), fake_corpus, Store(Path("runs/fake")))
    counter = Counter(plan)
    step = next(step for step in plan.everything() if step.id == "outputs/mt")
    written = counter.work(step, step.todo).written
    assert shown - mt == pytest.approx(written * counter._shown("1-shot"))
    assert counter._shown("1-shot") > 10


def test_the_lines_of_a_second_test_are_those_that_are_counted(fake_corpus: Corpus) -> None:
    found = costs(fake_recipe(second_test="everyday"), fake_corpus, replace(SPEEDS, read=0.0))
    plan = Plan(fake_recipe(second_test="everyday"), fake_corpus, Store(Path("runs/fake")))
    text, counter = plan.texts["everyday"], Counter(plan)
    lines = sum(len(text.pairs(direction)) for direction in text.directions)
    of_line = fmean(counter._tokens("mt", [p.target for p in text.pairs(d)]) for d in text.directions)
    beams = plan.recipe.decoding.num_beams
    written = 1.1 * beams * lines * (of_line + 1)  # with the end token; a beam searches on for a while
    assert found["outputs/everyday/mt"].seconds == pytest.approx(0.05 * written)


def test_judging_costs_as_much_as_answering_so_many_lines(fake_corpus: Corpus) -> None:
    every, steps = 10, 25  # judged after 10, 20 and 25
    stages = RECIPE["stages"] | {
        "mt": {**RECIPE["stages"]["mt"], "tuning": {"learning_rate": 1, "max_steps": steps}}
    }
    judged = {**stages["mt"], "evaluation": {"every": every, "lines": 2, "num_beams": 4}}
    with_it = costs(fake_recipe(stages=stages | {"mt": judged}, test_lines=2), fake_corpus)
    without = costs(fake_recipe(stages=stages, test_lines=2), fake_corpus)
    more = (with_it["model/mt"].seconds or 0) - (without["model/mt"].seconds or 0)
    assert more == pytest.approx(
        3 * (with_it["outputs/mt"].seconds or 0), rel=0.01
    )  # prompts differ a little


def test_a_step_that_was_done_before_takes_as_long_as_then(fake_corpus: Corpus) -> None:
    model = Path("runs/fake/models/mt")
    model.mkdir(parents=True)
    (model / "ontarget.json").write_text(json.dumps({"fingerprint": "old", "seconds": 321.0}))
    found = costs(fake_recipe(), fake_corpus)["model/mt"]
    assert (found.seconds, found.measured) == (321.0, True)


def test_what_cannot_be_known_is_not_guessed(fake_corpus: Corpus) -> None:
    stages = {"mt": RECIPE["stages"]["mt"] | {"from": "owner/model"}}
    found = costs(fake_recipe(stages=stages, systems=["mt"]), fake_corpus)
    assert found["model/mt"] == found["outputs/mt"] == Cost(None, None, None)
    assert costs(fake_recipe(), fake_corpus, None)["model/mt"].seconds is None


@pytest.mark.parametrize(
    ("kind", "save_precision", "size"),
    [(None, "auto", 4), ("float32", "auto", 4), ("bfloat16", "auto", 2), ("bfloat16", "fp32", 4)],
)
def test_a_checkpoint_on_disk_is_measured_by_its_configuration(
    fake_corpus: Corpus, kind: str | None, save_precision: str, size: int
) -> None:
    theirs = Path("theirs")
    theirs.mkdir()
    config = {
        "vocab_size": 1000,
        "hidden_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 128,
        "dtype": kind,
    }
    (theirs / "config.json").write_text(json.dumps(config))
    tuning = RECIPE["stages"]["mt"]["tuning"] | {"save_precision": save_precision}
    stages = {"mt": RECIPE["stages"]["mt"] | {"from": "./theirs", "tuning": tuning}}
    found = costs(fake_recipe(stages=stages, systems=["mt"]), fake_corpus)["model/mt"]
    assert found.disk == size * (1000 * 64 + 2 * (4 * 64**2 + 3 * 64 * 128))


def test_finished_steps_of_the_same_shape_correct_estimates_of_their_kind(fake_corpus: Corpus) -> None:
    shape = size_of(ModelShape()).shape
    took = [(Work(trained=100.0, steps=2.0), factor * (0.1 * 100 + 3.0 * 2)) for factor in (2.0, 4.0)]
    plain, corrected = (
        costs(fake_recipe(), fake_corpus),
        costs(fake_recipe(), fake_corpus, SPEEDS, {(True, shape): took}),
    )
    assert corrected["model/mt"].seconds == pytest.approx(3 * (plain["model/mt"].seconds or 0))
    assert corrected["outputs/mt"] == plain["outputs/mt"]  # another kind of work
    other = costs(fake_recipe(), fake_corpus, SPEEDS, {(True, "another"): took})
    assert other == plain


def test_a_few_lines_take_as_many_steps_as_a_batch(fake_corpus: Corpus) -> None:
    """Up to 64 lines are decoded together: only the tokens of a step cost more."""
    of_steps = Speeds(trained=0.0, step=0.0, read=0.0, written=0.0, passed=1.0)
    one, two = (
        costs(fake_recipe(test_lines=lines), fake_corpus, of_steps)["outputs/mt"].seconds for lines in (1, 2)
    )
    assert one
    assert one == two


def test_lines_of_a_single_batch_are_read_as_long_as_the_longest(fake_corpus: Corpus) -> None:
    """More lines are sorted by length, so batches have lines of similar length."""
    counter = Counter(Plan(fake_recipe(), fake_corpus, Store(Path("runs/fake"))))
    few, many = (counter._answers("mt", [lines], Decoding()).read / lines for lines in (64, 65))
    assert few - many == pytest.approx(0.5 * counter._line("mt"))


@pytest.mark.parametrize(("precision", "copies"), [("fp32", 2), ("bf16", 1)])
def test_weights_that_decode_on_amd_are_in_memory_twice(
    fake_corpus: Corpus, monkeypatch: pytest.MonkeyPatch, precision: str, copies: int
) -> None:
    def memory() -> float:
        return costs(fake_recipe(decoding={"precision": precision}), fake_corpus)["outputs/mt"].memory or 0

    monkeypatch.setattr("ontarget.hardware.has_gpu", lambda: False)
    monkeypatch.setattr("ontarget.translation.checkpoint.multiplies_bf16", lambda: True)
    monkeypatch.setattr(packed_linear, "machine_name", lambda: "Intel(R) Xeon(R) Processor, 1 threads")
    once = memory()
    monkeypatch.setattr(packed_linear, "machine_name", lambda: "AMD EPYC, 1 threads")
    assert memory() - once == (copies - 1) * 4 * size_of(ModelShape()).parameters


def test_the_memory_of_decoding_has_keys_and_values(fake_corpus: Corpus) -> None:
    def memory(**decoding: int) -> float:
        return costs(fake_recipe(decoding=decoding), fake_corpus)["outputs/mt"].memory or 0

    size = size_of(ModelShape())
    [test] = fake_corpus.parts("test")
    tokenizer = new_tokenizer(fake_recipe(), "base", fake_corpus)
    lines = [line for of_one in test.lines.values() for line in of_one]
    line = sum(len(tokenizer.encode(line, add_special_tokens=False)) for line in lines) / len(lines)
    more = memory(num_beams=3) - memory(num_beams=1)
    assert more == pytest.approx(2 * 2 * line * 2 * size.layers * size.hidden * 4)  # 2 rows, 2 beams more
