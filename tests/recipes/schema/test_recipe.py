"""The schema: what a recipe may say, and what it need not."""

from pathlib import Path

import pytest
import yaml

from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.recipes.loading import check, load, shipped
from ontarget.recipes.schema.adjustments import ContrastSettings
from ontarget.recipes.schema.presets import PRESETS
from ontarget.recipes.schema.recipe import Recipe
from ontarget.recipes.schema.stages import LanguageAware, Pretraining
from ontarget.recipes.sweep import points
from ontarget.samples.weighting import ALL, Weighting
from ontarget.settings.decoding import AntiLanguageModel, Boosting, Contrast, Decoding, Prior
from ontarget.settings.objective import Objective
from ontarget.settings.tuning import Tuning


def recipe(**changes: object) -> Recipe:
    data: dict[str, object] = {
        "name": "small",
        "languages": ["en", "it", "nl"],
        "pivot": "en",
        "corpus": {"phrasebook": {"tuples": 10}},
        "stages": {
            "base": {"kind": "pretraining", "tuning": {"max_steps": 1}},
            "mt": {"kind": "sft", "from": "base", "tuning": {"epochs": 1}},
        },
    }
    return check(data | changes, "small")


def language_aware(**changes: object) -> LanguageAware:
    settings = {"kind": "language-aware", "from": "mt", "tuning": {"max_steps": 1}} | changes
    stages = {"mt": {"kind": "sft", "from": "owner/model", "tuning": {"epochs": 1}}, "lat": settings}
    stage = recipe(stages=stages).stages["lat"]
    assert isinstance(stage, LanguageAware)
    return stage


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_recipe_is_valid_and_survives_being_written(name: str) -> None:
    loaded = load(name)
    assert loaded.name == name
    written = yaml.safe_load(yaml.safe_dump(loaded.settings(), allow_unicode=True))
    assert check(written, name) == loaded


def test_the_tiny_recipes_have_the_stages_and_the_eleven_systems_of_the_table() -> None:
    for name in ("phrasebook-tiny", "multi30k-tiny"):
        loaded = load(name)
        assert set(loaded.stages) == {"base", "mt", "post-ins", "lat", "ontarget-any", "ontarget"}
        assert list(loaded.systems) == [
            *("base", "mt", "post-ins", "ptl", "1-shot", "5-shot"),
            *("contrastive", "lat", "ontarget", "ontarget-any", "pivot"),
        ]


def test_the_final_table_is_of_the_models_that_were_chosen() -> None:
    final, chosen = load("multi30k-final").stages, load("multi30k-beyond").stages
    assert all(final[stage] == chosen[stage] for stage in final.keys() - {"distilled-both"})
    in_study = {point.label: point.recipe.stages for point in points("multi30k-study")}
    for stage, variant in (("distilled", "distilled-2000"), ("distilled-both", "distilled-both")):
        tuned = in_study[f"{variant},seed=1"]["tuned"]
        assert tuned.model_copy(update={"seed": None}) == final[stage]


@pytest.mark.parametrize("name", shipped())
def test_a_base_that_is_made_from_nothing_learns_faster_than_a_model_is_fine_tuned(name: str) -> None:
    made = [stage for stage in load(name).stages.values() if isinstance(stage, Pretraining)]
    assert all(stage.tuning.learning_rate >= 1e-3 for stage in made)


def test_languages_become_languages_and_directions_follow_from_the_pivot() -> None:
    small = recipe()
    assert small.languages == (Language("en"), Language("it"), Language("nl"))
    assert small.zero_shot == [Direction.parse("it-nl"), Direction.parse("nl-it")]
    assert {str(d) for d in small.supervised} == {"en-it", "it-en", "en-nl", "nl-en"}


def test_directions_may_be_those_of_a_benchmark() -> None:
    of_wmt = {"supervised": ["en-it", "it-en"], "zero_shot": ["en-nl", "it-nl"]}
    small = recipe(directions=of_wmt)
    assert [str(d) for d in small.supervised] == of_wmt["supervised"]
    assert [str(d) for d in small.zero_shot] == of_wmt["zero_shot"]
    assert small.trained == [Language("en"), Language("it")]
    assert recipe().trained == list(recipe().languages)
    assert check(small.settings(), "again") == small


def test_norwegian_is_not_false() -> None:
    languages = yaml.safe_load("[en, no, sv]")
    assert languages[1] is False  # YAML 1.1
    assert recipe(languages=languages).languages[1] == Language("no")


def test_steps_of_cleaning_are_written_out_with_their_limits() -> None:
    cleaned = recipe(clean=["empty", "length-ratio", {"too-long": 300}])
    assert cleaned.settings()["clean"] == ["empty", {"length-ratio": 3}, {"too-long": 300}]
    assert check(cleaned.settings(), "again") == cleaned


def test_a_recipe_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        recipe().seed = 2  # type: ignore[misc]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"pivot": "de"}, "'pivot' is de, not one of `languages`: en, it, nl"),
        ({"languages": ["en", "it", "en"]}, "contains a language twice"),
        ({"languages": ["en", "xx"]}, "'languages.1' is 'xx': unknown language 'xx'"),
        ({"corpus": {}}, "'corpus' is {}: give exactly one of phrasebook, plain"),
        ({"corpus": {"first_available": [{"everyday": {}}]}}, "'corpus.first_available'"),
        (
            {"corpus": {"first_available": [{"everyday": {}}, {}]}},
            "'corpus.first_available.1' is {}: give exactly one of phrasebook, plain",
        ),
        ({"corpus": {"plain": {"test": "test.gz"}}}, "'corpus.plain.test' .* write {language}"),
        ({"corpus": {"files": {"train": "x", "columns": {"a": "de"}}}}, "'corpus.files.columns'"),
        (
            {"corpus": {"files": {"train": "x", "columns": {"a": "de", "b": "fr", "c": "deu"}}}},
            "'a' and 'c' are both de; choose one of them",
        ),
        ({"corpus": {"files": {"train": "x", "columns": {0: "de", 1: "fr"}}}}, "columns are numbered from 1"),
        ({"corpus": {"catalogue": {"name": "multi30"}}}, "'corpus.catalogue' .* did you mean 'multi30k'"),
        (
            {"corpus": {"catalogue": {"name": "tatoeba", "train": ["test", "multi30k:trian"]}}},
            "'corpus.catalogue' .* corpus 'multi30k' has no set 'trian'; did you mean 'train'",
        ),
        (
            {"corpus": {"catalogue": {"name": "wmt", "test": "wmt22:tst"}}},
            "'corpus.catalogue' .* corpus 'wmt22' has no set 'tst'; did you mean 'test'",
        ),
        ({"clean": ["empty", "duplicate"]}, "'clean.1' .* is not a cleaning step; did you mean 'duplicates'"),
        ({"clean": ["empty", {"too-long": 9}, "too-long"]}, "'clean' contains the step 'too-long' twice"),
        ({"clean": [{"too-long": 0}]}, "'clean.0' .* expected a number above 0"),
        ({"overlap": "ignore"}, "'overlap' is 'ignore'"),
        ({"model": "owner/model"}, "'model' needs a recipe without stages"),
        ({"directions": {"supervised": ["en-de"]}}, "'directions' has en-de, but not both are in"),
        (
            {"directions": {"supervised": ["en-xx"]}},
            "'directions.supervised.0' is 'en-xx': 'en-xx' is not a dir",
        ),
        (
            {"directions": {"supervised": ["en-it"], "zero_shot": ["it-nl", "en-it"]}},
            "'directions' is .*: en-it is both supervised and zero-shot",
        ),
        ({"directions": {"supervised": ["en-eng_Latn"]}}, "'en-eng_Latn' is from a language into itself"),
        ({"directions": {"supervised": ["en-it", "eng-it"]}}, "en-it occurs twice in `supervised`"),
        ({"sweep": {"seed": []}}, "'sweep.seed' is \\[\\]"),
        ({"name": "../up"}, "'name' is '../up'"),
        ({"systems": ["mt", "lta"]}, "unknown system 'systems.lta'; did you mean 'lat'"),
        ({"systems": ["lat"]}, "'systems.lat.model' is 'lat', which is not a stage"),
    ],
)
def test_what_does_not_fit_together_is_said_in_one_sentence(changes: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        recipe(**changes)
    assert "\n" not in str(caught.value)


class TestStages:
    def test_may_be_listed_in_any_order(self) -> None:
        stages = {
            "ontarget": {"kind": "language-aware", "from": "mt", "tuning": {"max_steps": 1}},
            "mt": {"kind": "sft", "from": "base", "tuning": {"epochs": 1}},
            "base": {"kind": "pretraining", "tuning": {"max_steps": 1}},
        }
        assert recipe(stages=stages).stage_order() == ["base", "mt", "ontarget"]

    def test_that_start_from_each_other_are_refused(self) -> None:
        stages = {
            "mt": {"kind": "sft", "from": "more", "tuning": {"epochs": 1}},
            "more": {"kind": "sft", "from": "mt", "tuning": {"epochs": 1}},
        }
        with pytest.raises(UserError, match=r"'stages.mt.from' is circular: mt -> more -> mt"):
            recipe(stages=stages)

    def test_that_start_from_no_stage_are_refused_with_the_nearest(self) -> None:
        stages = {
            "base": {"kind": "pretraining", "tuning": {"max_steps": 1}},
            "mt": {"kind": "sft", "from": "bas", "tuning": {"epochs": 1}},
        }
        with pytest.raises(UserError, match=r"'stages.mt.from' is 'bas'.*did you mean 'base'"):
            recipe(stages=stages)

    @pytest.mark.parametrize("start", ["owner/model", "./model", "/models/llama", "~/llama", "$MODELS/llama"])
    def test_may_start_from_a_hub_name_or_a_directory(self, start: str) -> None:
        stages = {"mt": {"kind": "sft", "from": start, "tuning": {"epochs": 1}}}
        small = recipe(stages=stages, systems=["base", "mt"])
        assert small.stages["mt"].start == start
        assert small.model_of("base") == start  # what stage 1 started from

    def test_may_start_from_the_recipes_model(self) -> None:
        stages = {
            "mt": {"kind": "sft", "from": "model", "tuning": {"epochs": 1}},
            "post-ins": {"kind": "sft", "from": "model", "tuning": {"epochs": 1}},
        }
        small = recipe(stages=stages, model="owner/model", systems=["base", "mt"])
        assert {stage.start for stage in small.stages.values()} == {"owner/model"}
        assert small.model_of("base") == "owner/model"
        assert check(small.settings(), "again") == small
        with pytest.raises(UserError, match=r"'stages.mt.from' is 'model', which is not a stage"):
            recipe(stages=stages)

    def test_may_start_from_a_file_in_this_folder(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        Path("small.gguf").touch()
        assert load("smollm2-phrasebook", ["model=small.gguf"]).stages["mt"].start == "small.gguf"
        with pytest.raises(UserError, match=r"'smal.gguf', which is not a stage, directory, .gguf file or"):
            load("smollm2-phrasebook", ["model=smal.gguf"])

    def test_that_are_null_are_left_out(self) -> None:
        with pytest.raises(UserError, match=r"'stages.lat.from' is 'mt', which is not a stage"):
            load("phrasebook-tiny", ["stages.mt=null"])
        small = load("phrasebook-tiny", ["stages.lat=null", "systems=[mt]"])
        assert "lat" not in small.stages

    def test_checkpoint_steps_that_systems_ask(self) -> None:
        stages = {
            "mt": {"kind": "sft", "from": "a/b", "tuning": {"max_steps": 9, "checkpoint_steps": [0, 5]}},
        }
        small = recipe(stages=stages, systems={"mt": {}, "early": {"model": "mt", "step": 5}})
        assert [small.model_of(system) for system in small.systems] == ["mt", "mt@5"]
        assert [small.stage_of(model) for model in ("mt", "mt@5", "a/b")] == ["mt", "mt", None]
        assert check(small.settings(), "again") == small
        for model, step, message in (
            ("mt", 6, "'systems.early.step' is 6, but 'mt' keeps 0, 5"),
            ("a/b", 5, "'systems.early.step' is 5, but 'a/b' keeps none"),
        ):
            with pytest.raises(UserError, match=message):
                recipe(stages=stages, systems={"early": {"model": model, "step": step}})
        with pytest.raises(UserError, match="`checkpoint_steps` has 10, but `max_steps` is 9"):
            recipe(stages={"mt": stages["mt"] | {"tuning": {"max_steps": 9, "checkpoint_steps": [10]}}})

    def test_exclude_keys_of_another_kind(self) -> None:
        stages = {"base": {"kind": "pretraining", "samples": 3, "tuning": {"max_steps": 1}}}
        with pytest.raises(UserError, match=r"unknown key 'stages.base.samples'"):
            recipe(stages=stages)

    def test_of_a_new_model_have_a_shape(self) -> None:
        base = recipe().stages["base"]
        assert isinstance(base, Pretraining)
        assert base.model.layers == 6


class TestPresets:
    def test_paper_is_the_paper_with_its_faults(self) -> None:
        stage = language_aware(preset="paper")
        assert stage.alpha == 0.05
        assert stage.tuning.normalization == "sequence"
        conflict = stage.conflict
        assert (conflict.policy, conflict.directions, conflict.tokens) == ("any-instruction", "seen", "all")
        assert conflict.eos

    def test_ontarget_is_the_default(self) -> None:
        stage = language_aware()
        assert stage == language_aware(preset="ontarget")
        assert stage.alpha == 1.0
        assert stage.aim() == Objective("simpo", beta=2.0, margin=1.0)
        assert stage.tuning.normalization == "token"
        conflict = stage.conflict
        assert (conflict.policy, conflict.directions) == ("wrong-target", "seen")
        assert conflict.weighting() == Weighting("all", token_weighting="text")
        assert not conflict.eos
        assert conflict.redraw

    def test_first_token_unlearns_no_more_than_that(self) -> None:
        stage, ours = language_aware(preset="first-token"), language_aware()
        assert stage.aim() == Objective("unlikelihood")
        assert stage.conflict.weighting() == Weighting("first")
        same = {"tokens": "all", "token_weighting": "text", "directions": "seen"}
        assert stage.conflict.model_copy(update=same) == ours.conflict

    def test_what_the_recipe_says_wins(self) -> None:
        stage = language_aware(
            preset="paper",
            alpha=0.3,
            conflict={"eos": False},
            tuning={"max_steps": 2, "normalization": "token", "learning_rate": "2e-6"},
        )
        assert stage.alpha == 0.3
        assert not stage.conflict.eos
        assert stage.conflict.policy == "any-instruction"
        assert stage.tuning == Tuning(max_steps=2, normalization="token", learning_rate=2e-6)


class TestObjectives:
    def test_what_the_recipe_does_not_say_is_their_papers(self) -> None:
        assert language_aware(preset="paper").aim() == Objective("unlikelihood")
        assert language_aware(objective="orpo").aim() == Objective("orpo")
        assert language_aware(objective="cpo").aim() == Objective("cpo", beta=0.1)
        assert language_aware(objective="simpo").aim() == Objective("simpo", beta=2.0, margin=1.0)
        said = language_aware(objective="simpo", beta=3, margin=0)
        assert said.aim() == Objective("simpo", beta=3.0, margin=0.0)
        assert language_aware(objective="bounded").aim() == Objective("bounded", q=1.0)
        assert language_aware(objective="bounded", q=0.5).aim() == Objective("bounded", q=0.5)
        pairwise = ("orpo", "cpo", "simpo")
        for name in ("unlikelihood", "bounded", *pairwise):
            assert language_aware(objective=name).aim().pairwise == (name in pairwise)

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"objective": "dpo"}, "should be 'unlikelihood', 'bounded', 'orpo', 'cpo' or 'simpo'"),
            ({"q": 0.5}, "`q` is for the objective bounded, not for simpo"),
            ({"objective": "bounded", "q": 0}, "'stages.lat.q' is 0: should be greater than 0"),
            ({"objective": "bounded", "q": 2}, "'stages.lat.q' is 2: should be less than or equal to 1"),
            (
                {"preset": "paper", "beta": 1},
                "`beta` is for the objective cpo or simpo, not for unlikelihood",
            ),
            ({"objective": "cpo", "margin": 1}, "`margin` is for the objective simpo, not for cpo"),
            ({"objective": "cpo", "beta": 0}, "'stages.lat.beta' is 0: should be greater than 0"),
            (
                {"objective": "orpo", "conflict": {"policy": "source-copy"}},
                "under the policy 'source-copy' orpo compares two whole responses",
            ),
        ],
    )
    def test_what_is_wrong_is_said(self, changes: dict[str, object], message: str) -> None:
        with pytest.raises(UserError) as caught:
            language_aware(**changes)
        assert message in str(caught.value)

    def test_what_is_said_of_copies_is_a_way_out(self) -> None:
        with pytest.raises(
            UserError, match=r"simpo compares .*; use `conflict: \{tokens: all, token_weighting: null"
        ):
            language_aware(conflict={"policy": "source-copy"})
        copies = language_aware(objective="unlikelihood", conflict={"policy": "source-copy"})
        assert not copies.aim().pairwise

    def test_copies_are_compared_as_wholes(self) -> None:
        conflict = {"policy": "source-copy", "tokens": "all", "token_weighting": None}
        assert language_aware(objective="orpo", conflict=conflict).conflict.weighting() == ALL

    def test_a_bound_needs_no_whole_copies(self) -> None:
        assert language_aware(objective="bounded", conflict={"policy": "source-copy"}).aim().q == 1.0


class TestConflicts:
    def test_unseen_target_is_a_name_of_wrong_target_over_any_directions(self) -> None:
        for preset in PRESETS:
            named = language_aware(preset=preset, conflict={"policy": "unseen-target"})
            spelt = {"policy": "wrong-target", "directions": "any"}
            assert named == language_aware(preset=preset, conflict=spelt)
        with pytest.raises(UserError, match="'unseen-target' needs `directions: any`"):
            language_aware(conflict={"policy": "unseen-target", "directions": "seen"})

    def test_counts_and_confusion_need_each_other(self) -> None:
        stage = language_aware(conflict={"policy": "confusion", "counts": {"nl": {"en": 3}}})
        assert stage.conflict.conflict().counts == {"nl": {"en": 3}}
        for conflict in ({"policy": "confusion"}, {"counts": {"nl": {"en": 3}}}):
            with pytest.raises(UserError, match="`counts` and the policy 'confusion' need each other"):
                language_aware(conflict=conflict)

    def test_a_weighting_has_its_number_and_no_other(self) -> None:
        said = {"tokens": "first-k", "k": 3, "token_weighting": "text"}
        assert language_aware(conflict=said).conflict.weighting() == Weighting(
            "first-k", 3, token_weighting="text"
        )
        decay = language_aware(conflict={"tokens": "decay", "gamma": 0.3, "token_weighting": None}).conflict
        assert decay.weighting() == Weighting("decay", gamma=0.3)
        for conflict in ({"k": 3}, {"tokens": "first-k"}, {"tokens": "decay", "k": 3, "gamma": 0.3}):
            with pytest.raises(UserError, match="`k` and `tokens: first-k` need each other"):
                language_aware(conflict=conflict)
        with pytest.raises(
            UserError, match="`token_weighting: model` compares two instructions, but 'source-copy'"
        ):
            language_aware(conflict={"policy": "source-copy", "token_weighting": "model"})
        with pytest.raises(UserError, match="`gamma` and `tokens: decay` need each other"):
            language_aware(conflict={"tokens": "decay"})
        with pytest.raises(UserError, match=r"'stages.lat.conflict.gamma' is 1: should be less than 1"):
            language_aware(conflict={"tokens": "decay", "gamma": 1})

    @pytest.mark.parametrize("policy", ["wrong-target", "any-instruction"])
    def test_two_languages_leave_nothing_to_conflict_with(self, policy: str) -> None:
        stages = {
            "mt": {"kind": "sft", "from": "owner/model", "tuning": {"epochs": 1}},
            "lat": {
                "kind": "language-aware",
                "from": "mt",
                "preset": "first-token",  # whose objective is for copies, too
                "tuning": {"max_steps": 1},
                "conflict": {"policy": policy},
            },
        }
        with pytest.raises(UserError, match=r"'stages.lat.conflict': no instruction conflicts with en-it"):
            recipe(languages=["en", "it"], stages=stages)
        for works in ("reversed", "source-copy"):
            stages["lat"]["conflict"] = {"policy": works}
            recipe(languages=["en", "it"], stages=stages)


class TestWhatIsMixedIn:
    def test_keys_that_say_nothing_are_left_out_of_what_is_written(self) -> None:
        written = load("phrasebook-tiny").settings()["stages"]
        for stage in written.values():
            assert not {"wordings", "general", "beta", "margin", "q"} & set(stage)
            assert ("objective" in stage) == (stage.get("preset") == "ontarget")
            conflict = stage.get("conflict", {})
            assert not {"counts", "k", "gamma"} & set(conflict)
            assert ("token_weighting" in conflict) == (stage.get("preset") == "ontarget")

    @pytest.mark.parametrize("preset", PRESETS)
    @pytest.mark.parametrize("objective", ["unlikelihood", "simpo"])
    @pytest.mark.parametrize("revealing", [None, "text"])
    def test_what_is_written_is_read_as_it_was(self, preset: str, objective: str, revealing: object) -> None:
        """What is left out must not come back as something else, from the preset."""
        conflict = {"tokens": "all", "token_weighting": revealing}
        stage = language_aware(preset=preset, objective=objective, conflict=conflict)
        assert LanguageAware.model_validate(stage.model_dump(mode="json", by_alias=True)) == stage

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"wordings": {"plian": 1}}, "unknown wording 'plian'; did you mean 'plain'"),
            ({"wordings": {"To {target}.": 1}}, "must contain {source} and {target}"),
            ({"wordings": {"plain": 0}}, "'stages.lat.wordings.plain' is 0: should be greater than 0"),
            ({"general": {"path": "a.json", "ratio": 1}}, "'stages.lat.general.ratio' is 1: should be less"),
            ({"general": {"ratio": 0.1}}, "'stages.lat.general.path' is missing"),
        ],
    )
    def test_what_is_wrong_is_said(self, changes: dict[str, object], message: str) -> None:
        with pytest.raises(UserError) as caught:
            language_aware(**changes)
        assert message in str(caught.value)


class TestSystems:
    def test_default_to_the_stages_and_the_pivot(self) -> None:
        assert list(recipe().systems) == ["mt", "pivot"]

    def test_of_stages_with_names_of_ones_own_ask_them_as_they_were_tuned(self) -> None:
        tuning = {"max_steps": 1}
        shape = {"kind": "pretraining", "model": {}, "tuning": tuning}
        after = {"kind": "sft", "from": "small", "post_instruction": True, "tuning": tuning}
        better = {"kind": "language-aware", "from": "after", "tuning": tuning}
        named = {"small": shape, "after": after, "better": better, "lat": better, "ptl": better}
        own = recipe(stages=named)
        assert {name: own.model_of(name) for name in own.systems} == {
            **{name: name for name in ("after", "better", "lat")},
            "pivot": "after",  # the first that translates
        }  # `ptl` is another system's name
        assert [name for name, system in own.systems.items() if system.post_instruction] == ["after"]
        assert [name for name, system in own.systems.items() if system.pivot] == ["pivot"]

    def test_ask_the_stage_1_model_unless_they_are_a_model_of_their_own(self) -> None:
        full = load("phrasebook-tiny")
        models = {name: full.model_of(name) for name in full.systems}
        own = {name: name for name in ("mt", "post-ins", "lat", "ontarget-any", "ontarget")}
        asked = dict.fromkeys(("ptl", "1-shot", "5-shot", "contrastive", "pivot"), "mt")
        assert models == {"base": "base"} | own | asked

    def test_are_what_their_names_say(self) -> None:
        systems = load("phrasebook-tiny").systems
        assert systems["post-ins"].post_instruction
        assert systems["ptl"].prompt_in_target
        assert systems["1-shot"].num_fewshot == 1
        assert systems["5-shot"].num_fewshot == 5
        assert systems["contrastive"].contrast is not None
        assert systems["pivot"].pivot
        plain = systems["mt"]
        assert not any((plain.post_instruction, plain.prompt_in_target, plain.num_fewshot, plain.pivot))
        assert plain.contrast is None
        assert (plain.prior, plain.boosting, plain.anti_lm, plain.rerank) == (None,) * 4
        asked = ["language-prior", "token-boosting", "adaptive-boosting", "anti-lm"]
        prior, latb, adaptive, anti_lm = recipe(systems=asked).systems.values()
        assert prior.prior.prior() == Prior(weight=2.0)
        assert latb.boosting.boosting() == Boosting(5.0, unsure_below=None)
        assert adaptive.boosting.boosting() == Boosting(1000.0, unsure_below=0.8)
        assert anti_lm.anti_lm.anti_lm() == AntiLanguageModel(0.3)
        reranked, retried = recipe(systems=["reranked", "retried"]).systems.values()
        assert (reranked.rerank.retry, retried.rerank.retry) == (False, True)
        assert (reranked.through_pivot, retried.through_pivot) == (False, True)

    def test_rerank_what_there_is_more_than_one_of(self) -> None:
        with pytest.raises(UserError, match=r"systems\.reranked: a beam of 1 has only one hypothesis"):
            recipe(systems=["reranked"], decoding={"num_beams": 1})
        recipe(systems=["retried"], decoding={"num_beams": 1})
        recipe(systems={"reranked": {"decoding": {"num_beams": 2}}}, decoding={"num_beams": 1})
        with pytest.raises(UserError, match="translates through the pivot, but this system already does"):
            recipe(systems={"retried": {"pivot": True}})

    def test_may_contrast_with_languages_by_name_and_by_what_they_are(self) -> None:
        def against(*named: object) -> tuple[str, ...]:
            contrast = recipe(systems={"contrastive": {"contrast": {"against": list(named)}}}).systems[
                "contrastive"
            ]
            it, en, nl = (Language(code) for code in ("it", "en", "nl"))
            return tuple(map(str, contrast.contrast.contrast(it, [en, it, nl]).against))

        assert against("pivot") == ("it",)
        assert against("others") == ("en", "it", "nl")
        assert against("source", "pivot", "others", False) == ("source", "it", "en", "nl", "no")
        usual = ContrastSettings().contrast(Language("it"), ())
        assert usual == Contrast()
        with pytest.raises(UserError, match="unknown language 'othres'"):
            against("othres")
        with pytest.raises(UserError, match=r"'systems\.contrastive\.contrast\.against'"):
            against()

    def test_say_nothing_of_keys_that_older_recipes_lack(self) -> None:
        """So that their fingerprints stay as they were."""
        dumped = recipe(systems=["mt", "contrastive"]).settings()["systems"]
        assert not {"prior", "boosting", "anti_lm", "rerank"} & dumped["mt"].keys()
        assert set(dumped["contrastive"]["contrast"]) == {"source_weight", "language_weight", "plausibility"}
        named = recipe(systems={"contrastive": {"contrast": {"against": ["pivot"]}}})
        assert named.settings()["systems"]["contrastive"]["contrast"]["against"] == ["pivot"]
        assert check(named.settings(), "again") == named

    def test_of_ones_own_name_a_model(self) -> None:
        systems = recipe(systems={"mt": None, "3-shot": {"model": "mt", "num_fewshot": 3}}).systems
        assert systems["3-shot"].num_fewshot == 3

    def test_change_only_what_they_say_of_the_decoding(self) -> None:
        small = recipe(
            decoding={"num_beams": 2, "max_new_tokens": 9},
            systems={"mt": {"decoding": {"num_beams": 1}}, "base": {}},
        )
        assert small.decoding_of("mt").model_dump() == {
            "num_beams": 1,
            "max_new_tokens": 9,
            "length_penalty": 1.0,
        }
        assert small.decoding_of("base").num_beams == 2
        once = recipe(decoding={"no_repeat_ngram_size": 3}, systems={"mt": {"decoding": {"num_beams": 1}}})
        assert once.decoding_of("mt").decoding() == Decoding(1, no_repeat_ngram_size=3)
        again = check(small.settings() | {"decoding": {"num_beams": 2, "max_new_tokens": 5}}, "again")
        assert (again.decoding_of("mt").num_beams, again.decoding_of("mt").max_new_tokens) == (1, 5)

    def test_with_impossible_contrast_weights_are_refused(self) -> None:
        systems = {"contrastive": {"contrast": {"source_weight": 0.9, "language_weight": 0.5}}}
        with pytest.raises(UserError, match=r"'systems.contrastive.contrast'.*sum to less than 1"):
            recipe(systems=systems)


class TestDiagnosis:
    def test_asks_one_model_in_the_ways_that_need_no_training(self) -> None:
        diagnosis = load("diagnose", ["model=owner/model"])
        assert list(diagnosis.systems) == ["base", "ptl", "1-shot", "5-shot", "contrastive", "pivot"]
        assert {diagnosis.model_of(name) for name in diagnosis.systems} == {"owner/model"}

    def test_takes_the_prompt_of_the_model_and_real_text_or_the_sentences_that_ship(self) -> None:
        diagnosis = load("diagnose")
        assert diagnosis.template == "auto"
        sources = diagnosis.corpus.first_available or ()
        assert [list(source.model_dump(exclude_none=True)) for source in sources] == [
            ["catalogue"],
            ["catalogue"],
            ["everyday"],
        ]

    def test_says_what_is_missing_without_a_model(self) -> None:
        with pytest.raises(UserError, match="add model=DIRECTORY or model=OWNER/NAME"):
            load("diagnose").model_of("base")


def test_the_root_of_a_stage_is_what_the_recipe_does_not_make() -> None:
    tuned = {"kind": "sft", "from": "owner/model", "tuning": {"max_steps": 4, "checkpoint_steps": [2]}}
    stages = {"mt": tuned, "lat": {"kind": "language-aware", "from": "mt", "tuning": {"max_steps": 1}}}
    made = recipe(stages=stages)
    assert [made.root_of(model) for model in ("lat", "mt", "mt@2")] == ["owner/model"] * 3
    assert made.root_of("other/model") == "other/model"
    assert recipe().root_of("mt") is None
    assert made.root_of(None) is None
