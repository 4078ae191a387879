"""The schema: what a recipe may say, and what it need not."""

import pytest
import yaml

from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.recipe import Recipe
from ontarget.recipes.load import check, load, shipped
from ontarget.recipes.stages import LanguageAware, LanguageModelling
from ontarget.training.tuning import Tuning


def recipe(**changes: object) -> Recipe:
    data: dict[str, object] = {
        "name": "small",
        "languages": ["en", "it", "nl"],
        "pivot": "en",
        "corpus": {"phrasebook": {"tuples": 10}},
        "stages": {
            "base": {"kind": "language-modelling", "tuning": {"steps": 1}},
            "mt": {"kind": "likelihood", "from": "base", "tuning": {"epochs": 1}},
        },
    }
    return check(data | changes, "small")


def language_aware(**changes: object) -> LanguageAware:
    settings = {"kind": "language-aware", "from": "mt", "tuning": {"steps": 1}} | changes
    stages = {"mt": {"kind": "likelihood", "from": "owner/model", "tuning": {"epochs": 1}}, "lat": settings}
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
        assert set(loaded.stages) == {"base", "mt", "post-ins", "lat", "ontarget-seen", "ontarget"}
        assert list(loaded.systems) == [
            *("llama", "mt", "post-ins", "ptl", "1-shot", "5-shot"),
            *("contrastive", "lat", "ontarget-seen", "ontarget", "pivot"),
        ]


def test_languages_become_languages_and_directions_follow_from_the_pivot() -> None:
    small = recipe()
    assert small.languages == (Language("en"), Language("it"), Language("nl"))
    assert small.zero_shot == [Direction.parse("it-nl"), Direction.parse("nl-it")]
    assert {str(d) for d in small.supervised} == {"en-it", "it-en", "en-nl", "nl-en"}


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
        ({"languages": ["en", "it", "en"]}, "names a language twice"),
        ({"languages": ["en", "xx"]}, "'languages.1' is 'xx': unknown language 'xx'"),
        ({"corpus": {}}, "'corpus' is {}: give exactly one of phrasebook, plain"),
        ({"corpus": {"plain": {"test": "test.gz"}}}, "'corpus.plain.test' .* write {language}"),
        ({"corpus": {"files": {"train": "x", "columns": {"a": "de"}}}}, "'corpus.files.columns'"),
        ({"clean": ["empty", "duplicate"]}, "'clean.1' .* no step of cleaning; did you mean 'duplicates'"),
        ({"clean": [{"too-long": 0}]}, "'clean.0' .* should be a number above 0"),
        ({"overlap": "ignore"}, "'overlap' is 'ignore'"),
        ({"model": "owner/model"}, "'model' is for recipes without stages"),
        ({"name": "../up"}, "'name' is '../up'"),
        ({"systems": ["mt", "lta"]}, "unknown system 'systems.lta'; did you mean 'lat'"),
        ({"systems": ["lat"]}, "'systems.lat.model' is 'lat', which is no stage"),
    ],
)
def test_what_does_not_fit_together_is_said_in_one_sentence(changes: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        recipe(**changes)
    assert "\n" not in str(caught.value)


class TestStages:
    def test_may_be_listed_in_any_order(self) -> None:
        stages = {
            "ontarget": {"kind": "language-aware", "from": "mt", "tuning": {"steps": 1}},
            "mt": {"kind": "likelihood", "from": "base", "tuning": {"epochs": 1}},
            "base": {"kind": "language-modelling", "tuning": {"steps": 1}},
        }
        assert recipe(stages=stages).stage_order() == ["base", "mt", "ontarget"]

    def test_that_start_from_each_other_are_refused(self) -> None:
        stages = {
            "mt": {"kind": "likelihood", "from": "more", "tuning": {"epochs": 1}},
            "more": {"kind": "likelihood", "from": "mt", "tuning": {"epochs": 1}},
        }
        with pytest.raises(UserError, match=r"'stages.mt.from' closes a circle: mt -> more -> mt"):
            recipe(stages=stages)

    def test_that_start_from_no_stage_are_refused_with_the_nearest(self) -> None:
        stages = {
            "base": {"kind": "language-modelling", "tuning": {"steps": 1}},
            "mt": {"kind": "likelihood", "from": "bas", "tuning": {"epochs": 1}},
        }
        with pytest.raises(UserError, match=r"'stages.mt.from' is 'bas'.*did you mean 'base'"):
            recipe(stages=stages)

    @pytest.mark.parametrize("start", ["owner/model", "./model", "/models/llama", "~/llama", "$MODELS/llama"])
    def test_may_start_from_a_hub_name_or_a_directory(self, start: str) -> None:
        stages = {"mt": {"kind": "likelihood", "from": start, "tuning": {"epochs": 1}}}
        small = recipe(stages=stages, systems=["llama", "mt"])
        assert small.stages["mt"].start == start
        assert small.model_of("llama") == start  # what stage 1 started from

    def test_exclude_keys_of_another_kind(self) -> None:
        stages = {"base": {"kind": "language-modelling", "samples": 3, "tuning": {"steps": 1}}}
        with pytest.raises(UserError, match=r"unknown key 'stages.base.samples'"):
            recipe(stages=stages)

    def test_of_a_new_model_have_a_shape(self) -> None:
        base = recipe().stages["base"]
        assert isinstance(base, LanguageModelling)
        assert base.model.layers == 6


class TestPresets:
    def test_paper_is_the_paper_with_its_faults(self) -> None:
        stage = language_aware(preset="paper")
        assert stage.alpha == 0.05
        assert stage.tuning.normalisation == "sequence"
        conflict = stage.conflict
        assert (conflict.policy, conflict.directions, conflict.tokens) == ("any-instruction", "seen", "all")
        assert conflict.eos

    def test_ontarget_is_the_default(self) -> None:
        stage = language_aware()
        assert stage == language_aware(preset="ontarget")
        assert stage.alpha == 1.0
        assert stage.tuning.normalisation == "token"
        conflict = stage.conflict
        assert (conflict.policy, conflict.directions, conflict.tokens) == ("wrong-target", "any", "first")
        assert not conflict.eos
        assert conflict.redraw

    def test_what_the_recipe_says_wins(self) -> None:
        stage = language_aware(
            preset="paper",
            alpha=0.3,
            conflict={"eos": False},
            tuning={"steps": 2, "normalisation": "token", "learning_rate": "2e-6"},
        )
        assert stage.alpha == 0.3
        assert not stage.conflict.eos
        assert stage.conflict.policy == "any-instruction"
        assert stage.tuning == Tuning(steps=2, normalisation="token", learning_rate=2e-6)


class TestSystems:
    def test_default_to_those_that_have_a_model(self) -> None:
        assert list(recipe().systems) == ["llama", "mt", "ptl", "1-shot", "5-shot", "contrastive", "pivot"]

    def test_ask_the_stage_1_model_unless_they_are_a_model_of_their_own(self) -> None:
        full = load("phrasebook-tiny")
        models = {name: full.model_of(name) for name in full.systems}
        own = {name: name for name in ("mt", "post-ins", "lat", "ontarget-seen", "ontarget")}
        asked = dict.fromkeys(("ptl", "1-shot", "5-shot", "contrastive", "pivot"), "mt")
        assert models == {"llama": "base"} | own | asked

    def test_are_what_their_names_say(self) -> None:
        systems = load("phrasebook-tiny").systems
        assert systems["post-ins"].post_instruction
        assert systems["ptl"].prompt_in_target
        assert systems["1-shot"].demonstrations == 1
        assert systems["5-shot"].demonstrations == 5
        assert systems["contrastive"].contrast is not None
        assert systems["pivot"].pivot
        plain = systems["mt"]
        assert not any((plain.post_instruction, plain.prompt_in_target, plain.demonstrations, plain.pivot))
        assert plain.contrast is None

    def test_of_ones_own_name_a_model(self) -> None:
        systems = recipe(systems={"mt": None, "3-shot": {"model": "mt", "demonstrations": 3}}).systems
        assert systems["3-shot"].demonstrations == 3

    def test_change_only_what_they_say_of_the_decoding(self) -> None:
        small = recipe(
            decoding={"beam": 2, "max_new_tokens": 9},
            systems={"mt": {"decoding": {"beam": 1}}, "llama": {}},
        )
        assert small.decoding_of("mt").model_dump() == {"beam": 1, "max_new_tokens": 9, "length_penalty": 1.0}
        assert small.decoding_of("llama").beam == 2
        again = check(small.settings() | {"decoding": {"beam": 2, "max_new_tokens": 5}}, "again")
        assert (again.decoding_of("mt").beam, again.decoding_of("mt").max_new_tokens) == (1, 5)

    def test_with_impossible_contrast_weights_are_refused(self) -> None:
        systems = {"contrastive": {"contrast": {"source_weight": 0.9, "language_weight": 0.5}}}
        with pytest.raises(UserError, match=r"'systems.contrastive.contrast'.*sum to less than 1"):
            recipe(systems=systems)


class TestDiagnosis:
    def test_asks_one_model_in_the_ways_that_need_no_training(self) -> None:
        diagnosis = load("diagnose", ["model=owner/model"])
        assert list(diagnosis.systems) == ["llama", "ptl", "1-shot", "5-shot", "contrastive", "pivot"]
        assert {diagnosis.model_of(name) for name in diagnosis.systems} == {"owner/model"}

    def test_says_what_is_missing_without_a_model(self) -> None:
        with pytest.raises(UserError, match="add model=DIRECTORY or model=OWNER/NAME"):
            load("diagnose").model_of("llama")
