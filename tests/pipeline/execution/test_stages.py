"""What a stage of a recipe learns from."""

import json
import re
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.pipeline.conftest import RECIPE, fake_recipe

from ontarget.corpora.corpus import Corpus
from ontarget.languages import Direction, Language
from ontarget.pipeline.execution import stages
from ontarget.pipeline.execution.stages import (
    conflict_counts,
    drawn_for,
    keep_template,
    make_model,
    notices,
    samples_identity,
    translation_draw,
)
from ontarget.pipeline.planning.artifacts import Store
from ontarget.prompts.segment import text_of
from ontarget.prompts.template import PromptTemplate
from ontarget.recipes.schema.recipe import Recipe
from ontarget.recipes.schema.stages import LanguageAware, SupervisedFineTuning
from ontarget.samples.groups import Group
from ontarget.samples.weighting import Weighting
from ontarget.settings.objective import UNLIKELIHOOD, Objective

EN = Language("en")
IT_NL = Direction.parse("it-nl")


def changed(stage: str, **changes: object) -> Recipe:
    return fake_recipe(stages=RECIPE["stages"] | {stage: RECIPE["stages"][stage] | changes})


def groups(corpus: Corpus, stage: str, **changes: object) -> list[Group]:
    recipe = changed(stage, **changes)
    settings = recipe.stages[stage]
    assert isinstance(settings, SupervisedFineTuning | LanguageAware)
    drawn = drawn_for(recipe, settings, corpus)
    return list(translation_draw(recipe, settings, drawn, PromptTemplate.load(recipe.template))(0))


def test_stage_1_learns_supervised_directions_alike(fake_corpus: Corpus) -> None:
    drawn = groups(fake_corpus, "mt", samples=8)
    assert len(drawn) == 8
    assert all(len(group) == 1 and group[0].sign == 1 for group in drawn)
    sides = [{group[0].asked, group[0].produced} for group in drawn]
    assert (
        sum(EN in side for side in sides) == 4
    )  # two of en-it, it-en, en-nl, nl-en each: half are into English


def test_all_samples_are_every_line_of_every_direction(fake_corpus: Corpus) -> None:
    assert len(groups(fake_corpus, "mt", samples="all")) == 3 * 4


def test_post_instruction_puts_the_instruction_after_the_input(fake_corpus: Corpus) -> None:
    [before, *_] = groups(fake_corpus, "mt", samples=4)
    [after, *_] = groups(fake_corpus, "mt", samples=4, post_instruction=True)
    source = before[0].source
    assert text_of(before[0].prompt).index("Translate") < text_of(before[0].prompt).index(source)
    assert text_of(after[0].prompt).index("Translate") > text_of(after[0].prompt).index(source)


def test_stage_2_pairs_each_sample_with_a_conflicting_one(fake_corpus: Corpus) -> None:
    for right, wrong in groups(fake_corpus, "ontarget", samples=8):
        assert (right.sign, wrong.sign) == (1, -1)
        assert right.response == wrong.response
        assert right.source == wrong.source
        assert wrong.asked != right.asked
        assert (wrong.weighting, wrong.eos) == (Weighting(token_weighting="text"), False)


def test_the_cheaper_stage_2_ends_a_twin_where_its_answer_begins(fake_corpus: Corpus) -> None:
    for _, wrong in groups(fake_corpus, "ontarget", preset="first-token", samples=8):
        assert (wrong.weighting, wrong.eos) == (Weighting("first"), False)


def test_the_papers_stage_2_unlearns_every_token(fake_corpus: Corpus) -> None:
    for _, wrong in groups(fake_corpus, "lat", samples=8):
        assert (wrong.weighting.tokens, wrong.eos) == ("all", True)


class TestNotices:
    def said(self, corpus: Corpus, stage: str, **changes: object) -> list[str]:
        return notices(changed(stage, **changes), stage, corpus)

    def test_say_what_share_of_the_conflicting_samples_keeps_the_right_target_where_any_does(
        self, fake_corpus: Corpus
    ) -> None:
        # Three languages: of X->En's three other instructions one is into English, too; there are 12 samples.
        [paper] = self.said(fake_corpus, "lat", samples="all")
        assert re.fullmatch(r"\d+.\d% of 12 conflicting samples ask for the right target language .*", paper)
        assert self.said(fake_corpus, "ontarget", samples="all") == []  # never, by its policy
        copies = {"preset": "first-token", "conflict": {"policy": "source-copy"}}
        assert self.said(fake_corpus, "ontarget", samples=4, **copies) == []  # always

    def test_are_what_the_record_says(self, fake_corpus: Corpus) -> None:
        recipe = changed("lat", samples="all")
        settings = recipe.stages["lat"]
        assert isinstance(settings, LanguageAware)
        counts = conflict_counts(recipe, settings, drawn_for(recipe, settings, fake_corpus))
        [said] = self.said(fake_corpus, "lat", samples="all")
        assert said.startswith(f"{counts['right_target']:.1%} of {counts['conflicting']} ")

    def test_say_which_samples_have_none(self, fake_corpus: Corpus) -> None:
        conflict = {"policy": "confusion", "counts": {"nl": {"en": 5}}}
        said = self.said(fake_corpus, "ontarget", samples="all", conflict=conflict)
        assert said == ["9 samples have no conflicting sample: no output of that kind was counted"]

    def test_say_where_the_corpus_or_the_instructions_are_few(self, fake_corpus: Corpus) -> None:
        general = {"path": instructions(2), "ratio": 0.2}
        assert self.said(fake_corpus, "mt", samples=20, general=general) == [
            "the corpus has only 12 samples for it instead of 20",
            "3 general instructions among 12 translations, 1.5 times each",
        ]
        assert self.said(fake_corpus, "mt", samples=4) == []
        assert notices(fake_recipe(), "base", fake_corpus) == []


def test_general_instructions_are_mixed_into_either_stage(fake_corpus: Corpus) -> None:
    general = {"path": instructions(5), "ratio": 0.5}
    for stage in ("mt", "ontarget"):
        drawn = groups(fake_corpus, stage, samples=4, general=general)
        asked = [text_of(group[0].prompt) for group in drawn if len(group) == 1 and not group[0].asked]
        assert len(drawn) == 8
        assert len(asked) == 4
        assert all(text.startswith("Say ") for text in asked)


def test_wordings_reach_both_stages(fake_corpus: Corpus) -> None:
    for stage in ("mt", "ontarget"):
        drawn = groups(fake_corpus, stage, samples=4, wordings={"{source}, in {target}:": 1})
        assert all(", in " in text_of(sample.prompt) for group in drawn for sample in group)


@pytest.mark.parametrize(
    ("said", "objective", "lines", "revealing"),
    [
        ({}, Objective("simpo", 2.0, 1.0), True, False),  # lines tell which tokens are a language's own
        ({"preset": "paper"}, UNLIKELIHOOD, False, False),
        ({"preset": "first-token"}, UNLIKELIHOOD, True, False),  # and how answers begin in it
        ({"objective": "orpo", "conflict": {"token_weighting": None}}, Objective("orpo"), False, False),
        (
            {"objective": "simpo", "conflict": {"tokens": "all", "token_weighting": None}},
            Objective("simpo", 2.0, 1.0),
            False,
            False,
        ),
        (
            {"objective": "unlikelihood", "conflict": {"tokens": "all", "token_weighting": "text"}},
            UNLIKELIHOOD,
            True,
            False,
        ),
        ({"objective": "unlikelihood", "conflict": {"token_weighting": "model"}}, UNLIKELIHOOD, True, True),
    ],
)
def test_what_a_recipe_says_of_twins_reaches_training(
    fake_corpus: Corpus,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    said: dict[str, object],
    objective: Objective,
    lines: bool,
    revealing: bool,
) -> None:
    stage = pytest.importorskip("ontarget.training.stage", reason="needs the extra `train`")
    told: dict[str, Any] = {}

    def train_stage(start: object, data: Any, tuning: object, **options: Any) -> Any:
        told.update(options, data=data)
        return stage.StageResult(1, 1, 0.0, 0, 0, 0, 0)

    monkeypatch.setattr(stage, "train_stage", train_stage)
    make_model(
        changed("ontarget", **said),
        "ontarget",
        fake_corpus,
        tmp_path,
        folder=tmp_path,
        work=tmp_path,
        store=Store(tmp_path),
        update=lambda *_: None,
    )
    assert told["objective"] == objective
    assert bool(told["data"].lines) is lines
    assert told["data"].revealing is revealing


@pytest.mark.parametrize("stage", ["base", "mt", "ontarget"])
def test_the_text_of_a_stage_is_drawn_once(
    fake_corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    training = pytest.importorskip("ontarget.training.stage", reason="needs the extra `train`")
    drawn = []
    for name in ("make_documents", "draw_translations"):
        draw = getattr(stages, name)
        monkeypatch.setattr(stages, name, lambda *args, draw=draw: drawn.append(args) or draw(*args))

    def train_stage(start: object, data: Any, tuning: object, **options: Any) -> Any:
        assert len(data.draw(0)) > 0
        return training.StageResult(1, 1, 0.0, 0, 0, 0, 0)

    monkeypatch.setattr(training, "train_stage", train_stage)
    start = None if stage == "base" else tmp_path
    make_model(
        fake_recipe(),
        stage,
        fake_corpus,
        start,
        folder=tmp_path,
        work=tmp_path,
        store=Store(tmp_path),
        update=lambda *_: None,
    )
    assert len(drawn) == 1


class TestIdentityOfSamples:
    """What encoded samples are kept under."""

    def of(self, corpus: Corpus, stage: str, pass_number: int = 0, **changes: object) -> str:
        return samples_identity(changed(stage, **changes), stage, corpus)(pass_number)

    def test_settings_that_make_no_other_samples_leave_it(self, fake_corpus: Corpus) -> None:
        of = self.of(fake_corpus, "ontarget")
        for said in (
            {"alpha": 0.3},
            {"objective": "orpo"},
            {"objective": "cpo", "beta": 0.3},
            {"objective": "simpo", "beta": 1.0, "margin": 0.5},
            {"from": "base"},
        ):
            assert self.of(fake_corpus, "ontarget", **said) == of
        assert self.of(fake_corpus, "ontarget", samples=2) != of
        assert self.of(fake_corpus, "ontarget", conflict={"tokens": "first"}) != of

    def test_passes_that_are_drawn_anew_are_others(self, fake_corpus: Corpus) -> None:
        of = partial(self.of, fake_corpus)
        assert of("mt", 1) == of("mt", 0)
        assert of("ontarget", 1) != of("ontarget", 0)
        assert of("base", 1) != of("base", 0)

    def test_documents_are_others_of_another_kind_pivot_seed_or_text(self, fake_corpus: Corpus) -> None:
        recipe = fake_recipe()
        of = samples_identity(recipe, "base", fake_corpus)(0)
        small = recipe.stages["base"].model.model_dump() | {"layers": 1}
        assert self.of(fake_corpus, "base", model=small) == of
        assert self.of(fake_corpus, "base", documents="english-pivoted") != of
        assert self.of(fake_corpus, "base", seed=7) != of
        assert samples_identity(fake_recipe(pivot="it"), "base", fake_corpus)(0) != of
        # Dutch is not tuned on, but the base reads it.
        pairs = {"supervised": ["en-it", "it-en"], "zero_shot": ["en-nl"]}
        any_other = RECIPE["stages"]["ontarget"] | {"conflict": {"directions": "any"}}
        stages = RECIPE["stages"] | {"ontarget": any_other}
        alone = fake_recipe(directions=pairs, stages=stages)
        train = dict(fake_corpus.parts("train")[0].lines)
        other = Corpus("other", {"train": train | {Language("nl"): [f"{x}!" for x in train[Language("nl")]]}})
        assert samples_identity(alone, "base", fake_corpus)(0) != samples_identity(alone, "base", other)(0)


def test_a_template_of_ones_own_is_kept_with_the_model(corpus_files: Path) -> None:
    Path("mine.yaml").write_text('instruction: "{target}: "\ninput: "{text}"\n', encoding="utf-8")
    folder = corpus_files / "model"
    folder.mkdir()
    keep_template("plain", folder)
    assert not list(folder.iterdir())
    keep_template("./mine.yaml", folder)
    assert text_of(PromptTemplate.load(str(folder / "prompt.yaml")).render("x", IT_NL)) == "Dutch: x"


def instructions(count: int) -> str:
    """A file of so many, in the working directory."""
    records = [{"instruction": f"Say {number}.", "output": str(number)} for number in range(count)]
    Path("general.json").write_text(json.dumps(records), encoding="utf-8")
    return "general.json"
