import shutil
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs the extra `train`")

from ontarget.checkpoints.context import ContextWindow
from ontarget.corpora.instructions import Instruction
from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.prompts.segment import Prompt, text_of
from ontarget.prompts.template import PromptTemplate
from ontarget.settings.decoding import Decoding, Prior
from ontarget.translation.engines.transformers import TransformersEngine
from ontarget.translation.hypothesis import Hypothesis
from ontarget.translation.system import LanguageText, Request, System
from ontarget.translation.translate import translate
from ontarget.translation.translator import Translator

LINES = ["Zwei Hunde laufen", "", "Ein Mann"]


@pytest.fixture(scope="module")
def directory(model, tokenizer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "ontarget"
    model.save_pretrained(path)
    tokenizer.save_pretrained(path)
    return path


def expected(engine: TransformersEngine, template: str) -> list[str]:
    system = System("mt", PromptTemplate.load(template), decoding=Decoding(2, 8))
    requests = [Request(line, Direction.parse("de-fr")) for line in LINES]
    return [hypothesis.text for hypothesis in translate(system, engine, requests)]


def test_a_text_in_a_text_out_a_list_in_a_list_out(directory: Path, engine: TransformersEngine) -> None:
    translator = Translator(directory, "plain")
    found = translator.translate(LINES, source="de", target="fr", num_beams=2, max_new_tokens=8)
    assert found == expected(engine, "plain")
    assert found[1] == ""
    one = translator.translate(LINES[0], "de", Language("fr"), num_beams=2, max_new_tokens=8)
    assert one == found[0]
    assert translator.translate([], "de", "fr") == []


def test_a_system_of_ones_own_is_asked_as_it_says(directory: Path, engine: TransformersEngine) -> None:
    translator = Translator(directory, "plain")
    text = LanguageText({Language("de"): ["Zwei Hunde"], Language("fr"): ["Deux chiens", "Un homme"]})
    prior = Prior(weight=9)
    system = System("x", translator.template, prior=prior, text=text, decoding=Decoding(1, 5))
    found = translator.translate(LINES, "de", "fr", system=system)
    requests = [Request(line, Direction.parse("de-fr")) for line in LINES]
    assert found == [hypothesis.text for hypothesis in translate(system, engine, requests)]
    assert found != translator.translate(LINES, "de", "fr", num_beams=1, max_new_tokens=5)


def test_the_template_is_the_one_the_model_was_tuned_with(
    directory: Path, engine: TransformersEngine
) -> None:
    assert expected(engine, "plain") != expected(engine, "alpaca")
    arguments = {"source": "de", "target": "fr", "num_beams": 2, "max_new_tokens": 8}
    assert Translator(str(directory)).translate(LINES, **arguments) == expected(engine, "alpaca")
    settings = directory / "ontarget.json"
    settings.write_text('{"template": "plain"}', encoding="utf-8")
    try:
        assert Translator(directory).translate(LINES, **arguments) == expected(engine, "plain")
        assert Translator(directory, "alpaca").translate(LINES, **arguments) == expected(engine, "alpaca")
        settings.write_text("[]", encoding="utf-8")
        with pytest.raises(UserError, match=r"ontarget\.json' is not of the form"):
            Translator(directory)
    finally:
        settings.unlink()


def test_a_template_of_ones_own_lies_beside_the_model(directory: Path, engine: TransformersEngine) -> None:
    arguments = {"source": "de", "target": "fr", "num_beams": 2, "max_new_tokens": 8}
    mine = directory / "prompt.yaml"
    mine.write_text('instruction: "{source} {target}: "\ninput: "{text} ="\n', encoding="utf-8")
    try:
        assert Translator(directory).translate(LINES, **arguments) == expected(engine, str(mine))
        assert expected(engine, str(mine)) != expected(engine, "alpaca")
    finally:
        mine.unlink()


def test_mistakes(directory: Path) -> None:
    with pytest.raises(UserError, match="did you mean 'plain'"):
        Translator(directory, "plan")
    with pytest.raises(UserError, match="has no chat template"):
        Translator(directory, "chat")
    translator = Translator(directory)
    with pytest.raises(UserError, match="both de"):
        translator.translate("Hunde", "de", "de")
    with pytest.raises(UserError, match="unknown language 'xx'"):
        translator.translate("Hunde", "de", "xx")


def test_texts_that_are_too_long_are_left_empty_and_warned_of(
    directory: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    translator = Translator(directory, "plain")
    short = translator.translate(LINES[0], "de", "fr", num_beams=1, max_new_tokens=4)
    monkeypatch.setattr(translator.engine, "context", ContextWindow(100, ends=True))
    long = "Hunde und Katzen " * 30
    found = translator.translate([LINES[0], long, LINES[0]], "de", "fr", num_beams=1, max_new_tokens=4)
    assert found == [short, "", short]
    [record] = caplog.records
    assert record.getMessage().startswith("text 2 is too long and left empty: with its prompt it has ")
    assert translator.translate(long, "de", "fr") == ""
    reasons = [one.finish_reason for one in translator.hypotheses([long, ""], "de", "fr")]
    assert reasons == ["too-long", "stop"]
    assert len(caplog.records) == 2
    monkeypatch.setattr(translator, "template", PromptTemplate.load("alpaca"))
    assert translator.answer([Instruction(long, "", "")]) == [""]
    assert caplog.records[-1].getMessage().startswith("instruction 1 is too long")


def test_a_chat_model_that_is_asked_otherwise_is_doubted(directory: Path) -> None:
    de_fr = Direction.parse("de-fr")
    (directory / "chat_template.jinja").write_text("{{ messages[0].content }}", encoding="utf-8")
    [said] = Translator(directory, "alpaca").doubts(de_fr)
    assert said.startswith("the model has a chat template, but is prompted with the template 'alpaca'; ")
    assert Translator(directory, "chat").doubts(de_fr) == []
    (directory / "ontarget.json").write_text('{"template": "alpaca"}', encoding="utf-8")
    assert Translator(directory).doubts(de_fr) == []


def test_the_chosen_template_and_the_reason_for_it_come_first(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = tmp_path / "TowerInstruct-7B-v0.2"
    shutil.copytree(directory, known)
    (known / "ontarget.json").unlink(missing_ok=True)
    (known / "chat_template.jinja").write_text("{{ messages[-1].content }}", encoding="utf-8")
    translator = Translator(known)
    de_fr = Direction.parse("de-fr")
    assert translator.template.name == "tower"
    assert translator.doubts(de_fr) == [
        "the prompt template is 'tower', since the model's name 'TowerInstruct-7B-v0.2' is that of a known "
        "model"
    ]
    assert Translator(known, "auto").template.name == "tower"
    assert Translator(known, "tower").doubts(de_fr) == []
    asked = list[Prompt]()

    def generate(prompts: list[Prompt], *_: object, **__: object) -> list[list[Hypothesis]]:
        asked.extend(prompts)
        return [[Hypothesis("Blue", "stop", 0.0, 1)]]

    monkeypatch.setattr(translator.engine, "generate", generate)
    # The prompt for translations has no place for a general instruction.
    assert translator.answer([Instruction("Name a colour.", "", "")]) == ["Blue"]
    assert list(map(text_of, asked)) == ["Name a colour."]
    assert translator.general_note is not None
    assert translator.general_note.startswith("the prompt template is 'chat', since")


def test_it_doubts_directions_that_it_was_not_tuned_on(directory: Path) -> None:
    de_fr, de_el = Direction.parse("de-fr"), Direction.parse("de-el")
    (directory / "ontarget.json").write_text('{"template": "plain"}', encoding="utf-8")
    assert Translator(directory).doubts(de_fr) == []
    record = '{"template": "plain", "languages": ["de", "fr"], "directions": ["fr-de"]}'
    (directory / "ontarget.json").write_text(record, encoding="utf-8")
    translator = Translator(directory)
    assert translator.doubts(de_fr.reverse) == []
    assert translator.doubts(de_fr) == ["de-fr is zero-shot for this model, which was tuned on fr-de"]
    assert "never saw Greek (el)" in translator.doubts(de_el)[0]
