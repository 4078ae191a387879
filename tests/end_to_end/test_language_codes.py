"""Languages by any of their codes, from a recipe's YAML to the text that is read."""

from pathlib import Path

import pytest
import yaml

from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.pipeline.planning.inputs import load_corpus, template_of
from ontarget.prompts.segment import text_of
from ontarget.recipes.loading import load
from ontarget.recipes.schema.recipe import Recipe

EN, NO, DE, FR = (Language(code) for code in ("en", "no", "de", "fr"))
LINES = {"en": ["The cat sleeps.", "It rains."], "no": ["Katten sover.", "Det regner."]}

STAGES = """
template: plain
overlap: allow
stages:
  base: {kind: pretraining, tuning: {steps: 1}}
  mt: {kind: sft, from: base, samples: all, tuning: {steps: 1}}
systems: [mt]
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ONTARGET_CACHE", str(tmp_path / "cache"))
    return tmp_path


def recipe(text: str) -> Recipe:
    Path("mine.yaml").write_text(f"name: mine\n{text}{STAGES}", encoding="utf-8")
    return load("mine.yaml")


def tsv(name: str, *columns: str) -> None:
    rows = ["\t".join(columns), *("\t".join(pair) for pair in zip(*LINES.values(), strict=True))]
    Path(name).write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")


def files(*codes: str) -> None:
    for code, lines in zip(codes, LINES.values(), strict=True):
        for split in ("train", "test"):
            Path(f"{split}.{code}").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


@pytest.mark.parametrize("code", ["no", "nb", "nob_Latn", "NO", "nor"])
@pytest.mark.parametrize("column", ["no", "nb", "nb-NO", "nob_Latn", "NOR"])
def test_norwegian_is_a_language_in_yaml_and_in_a_table(code: str, column: str) -> None:
    tsv("all.tsv", "en", column)
    corpus = load_corpus(
        recipe(f"languages: [en, {code}]\npivot: en\ncorpus: {{files: {{train: all.tsv, test: all.tsv}}}}")
    )
    assert corpus.lines("train", NO)[:] == LINES["no"]


@pytest.mark.parametrize(
    "corpus",
    [
        "{files: {train: all.tsv, test: all.tsv, columns: {en: en, no: no}}}",
        "{files: {train: all.tsv, test: all.tsv, columns: {en: en, no: nb}}}",
        "{files: {train: 'train.{language}', test: 'test.{language}'}}",
        "{plain: {train: 'train.{language}', test: 'test.{language}'}}",
    ],
)
@pytest.mark.parametrize("pivot", ["no", "nb"])
def test_no_may_stand_wherever_a_language_may(corpus: str, pivot: str) -> None:
    tsv("all.tsv", "en", "no")
    files("eng_Latn", "nb")
    loaded = recipe(
        f"languages: [en, no]\npivot: {pivot}\ncorpus: {corpus}\ndirections: {{supervised: [en-no, nb-en]}}"
    )
    assert loaded.pivot == NO
    assert [str(direction) for direction in loaded.supervised] == ["en-no", "no-en"]
    assert load_corpus(loaded).lines("test", NO)[:] == LINES["no"]


def test_what_else_yaml_1_1_takes_for_true_or_false_is_a_word() -> None:
    with pytest.raises(UserError, match="unknown language 'on'"):
        recipe("languages: [en, on]\npivot: en\ncorpus: {phrasebook: {}}")


def test_true_and_false_may_still_be_written_as_yes_and_no() -> None:
    settings = "languages: [en, it]\npivot: en\ncorpus: {phrasebook: {}}\n"
    Path("mine.yaml").write_text(f"name: mine\n{settings}{STAGES}", encoding="utf-8")
    for word, value in (("yes", True), ("no", False), ("on", True), ("false", False)):
        loaded = load("mine.yaml", [f"stages.mt.tuning.gradient_checkpointing={word}"])
        assert loaded.stages["mt"].tuning.gradient_checkpointing is value


def test_a_recipe_in_codes_of_flores_is_the_same_as_one_in_short_codes() -> None:
    files("eng_Latn", "deu_Latn")
    loaded = recipe(
        "languages: [eng_Latn, deu_Latn]\npivot: en\n"
        "corpus: {plain: {train: 'train.{language}', test: 'test.{language}'}}"
    )
    assert loaded.languages == (EN, DE)
    assert [str(direction) for direction in loaded.supervised] == ["en-de", "de-en"]
    assert load_corpus(loaded).lines("train", EN) == LINES["en"]
    prompt = text_of(template_of(loaded, "mt").render("x", Direction(DE, EN)))
    assert "from German to English" in prompt


def test_a_resolved_recipe_finds_the_same_files() -> None:
    files("eng_Latn", "deu_Latn")
    files("en", "de")
    Path("train.en").write_text("something else\n", encoding="utf-8")
    text = (
        "languages: [eng_Latn, deu_Latn]\npivot: eng_Latn\n"
        "corpus: {plain: {train: 'train.{language}', test: 'test.{language}'}}"
    )
    settings = recipe(text).settings()
    assert settings["languages"] == ["eng_Latn", "deu_Latn"]
    Path("again.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    assert load_corpus(load("again.yaml")).lines("train", EN) == LINES["en"]


def test_a_language_that_is_there_twice_under_two_codes_is_told() -> None:
    with pytest.raises(UserError, match="contains a language twice: no, nb"):
        recipe("languages: [en, no, nb]\npivot: en\ncorpus: {phrasebook: {}}")


def test_two_scripts_of_one_language_stay_apart() -> None:
    loaded = recipe("languages: [en, zh, zh-TW]\npivot: en\ncorpus: {phrasebook: {}}")
    assert [language.scripts for language in loaded.languages[1:]] == [{"Hans"}, {"Hant"}]
    targets = {str(direction): direction.target for direction in [*loaded.supervised, *loaded.zero_shot]}
    assert targets["en-zh"].scripts == targets["zh-TW-zh"].scripts == {"Hans"}
