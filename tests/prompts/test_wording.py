"""The prompt texts, PTL's above all: every one must be whole, in its own language, and inflected."""

import re
from itertools import permutations

import pytest

from ontarget.languages import Direction, Language
from ontarget.prompts.segment import text_of
from ontarget.prompts.template import PromptTemplate
from ontarget.prompts.wording import prompt_languages, wording

LANGUAGES = ["en", "it", "nl", "ro", "de", "fr", "cs", "zh", "ja", "ru", "uk", "ko"]
PROMPTS = [*LANGUAGES, "zh-Hant"]
BEYOND = ["es", "hi"]  # named by the fallback pattern
ENDINGS = {"ru": 2}  # letters of a language's name that change with its case
# English words that are words of the other language as well.
SHARED = {"fr": {"instruction"}, "nl": {"context"}, "ro": {"context"}}


def ptl(template: str, direction: str, language: str | None = None) -> str:
    way = Direction.parse(direction)
    asked_in = Language(language) if language else way.target
    return text_of(PromptTemplate.load(template).render("", way, prompt_language=asked_in))


def words(text: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]+", text.lower()))


def english_words() -> set[str]:
    texts = [ptl(t, f"{a}-{b}", "en") for t in ("alpaca", "plain") for a, b in permutations(LANGUAGES, 2)]
    return words(" ".join(texts))


def test_there_are_texts_for_the_languages_of_the_recipes() -> None:
    assert sorted(PROMPTS) == list(prompt_languages())


def test_every_language_has_the_same_parts() -> None:
    shape = {t: set(parts) for t, parts in wording(Language("en")).templates.items()}
    assert set(shape) == {"alpaca", "plain"}
    for language in PROMPTS:
        texts = wording(Language(language)).templates
        assert {t: set(parts) for t, parts in texts.items()} == shape
        for parts in texts.values():
            assert {"{from}", "{to}"} <= set(re.findall(r"\{.*?\}", parts["instruction"]))
            assert all(part == part.strip() and part for part in parts.values())


@pytest.mark.parametrize("template", ["alpaca", "plain"])
@pytest.mark.parametrize("language", PROMPTS)
def test_all_pairs_render_without_leftovers_or_english(template: str, language: str) -> None:
    foreign = english_words() - SHARED.get(language, set())
    for source, target in permutations(LANGUAGES + BEYOND, 2):
        prompt = ptl(template, f"{source}-{target}", language)
        assert "{" not in prompt
        assert "}" not in prompt
        assert "  " not in prompt
        if language != "en":
            assert not words(prompt) & foreign


@pytest.mark.parametrize("language", PROMPTS)
def test_each_table_names_its_own_language(language: str) -> None:
    """An inflected name keeps the stem that CLDR gives, so no two rows of a table have changed places."""
    for named in LANGUAGES:
        stem = Language(named).name(language)[: -ENDINGS.get(language, 1)]
        parts = wording(Language(language)).parts("plain", Direction(Language(named), Language("hi")))
        assert stem in parts["instruction"]
        parts = wording(Language(language)).parts("plain", Direction(Language("hi"), Language(named)))
        assert stem in parts["instruction"]


@pytest.mark.parametrize(
    ("language", "direction", "instruction"),
    [
        ("en", "cs-ro", "Translate from Czech to Romanian."),
        ("it", "en-nl", "Traduci dall'inglese all'olandese."),
        ("it", "ro-it", "Traduci dal rumeno all'italiano."),
        ("it", "hi-es", "Traduci dalla lingua seguente (hindi) in spagnolo."),
        ("it", "uk-zh", "Traduci dall'ucraino al cinese."),
        ("nl", "en-it", "Vertaal van het Engels naar het Italiaans."),
        ("nl", "ja-nl", "Vertaal van het Japans naar het Nederlands."),
        ("ro", "en-it", "Tradu din engleză în italiană."),
        ("ro", "nl-ro", "Tradu din neerlandeză în română."),
        ("de", "en-nl", "Übersetze aus dem Englischen ins Niederländische."),
        ("de", "cs-de", "Übersetze aus dem Tschechischen ins Deutsche."),
        ("de", "hi-de", "Übersetze aus der Sprache Hindi ins Deutsche."),
        ("fr", "en-ro", "Traduis de l'anglais vers le roumain."),
        ("fr", "nl-fr", "Traduis du néerlandais vers le français."),
        ("fr", "cs-de", "Traduis du tchèque vers l'allemand."),
        ("cs", "de-fr", "Přelož z němčiny do francouzštiny."),
        ("cs", "en-cs", "Přelož z angličtiny do češtiny."),
        ("cs", "es-cs", "Přelož z následujícího jazyka (španělština) do češtiny."),
        ("cs", "ko-cs", "Přelož z korejštiny do češtiny."),
        ("nl", "uk-nl", "Vertaal van het Oekraïens naar het Nederlands."),
        ("ro", "ja-ro", "Tradu din japoneză în română."),
        ("fr", "uk-ja", "Traduis de l'ukrainien vers le japonais."),
        ("zh", "en-zh", "从英语翻译成中文。"),
        ("zh-Hant", "en-it", "從英文翻譯成義大利文。"),
        ("zh-Hant", "de-ja", "從德文翻譯成日文。"),
        ("ja", "en-ja", "英語から日本語に翻訳してください。"),
        ("ko", "ja-ko", "일본어에서 한국어로 번역하세요."),
        ("ru", "en-ru", "Переведи с английского на русский."),
        ("ru", "hi-uk", "Переведи со следующего языка (хинди) на украинский."),
        ("uk", "cs-uk", "Переклади з чеської на українську."),
        ("uk", "de-fr", "Переклади з німецької на французьку."),
    ],
)
def test_instructions_are_inflected(language: str, direction: str, instruction: str) -> None:
    assert ptl("plain", direction, language).split("\n")[0] == instruction


@pytest.mark.parametrize(
    ("direction", "prompt"),
    [
        ("de-it", "Traduci dal tedesco all'italiano.\n\n"),
        ("it-fr", "Traduis de l'italien vers le français.\n\n"),
        ("fr-de", "Übersetze aus dem Französischen ins Deutsche.\n\n"),
        ("en-cs", "Přelož z angličtiny do češtiny.\n\n"),
    ],
)
def test_plain_in_the_target_language(direction: str, prompt: str) -> None:
    assert ptl("plain", direction) == prompt


def test_alpaca_in_the_target_language() -> None:
    assert ptl("alpaca", "it-nl") == (
        "Hieronder staat een instructie die een taak beschrijft, samen met invoer die meer context geeft. "
        "Schrijf een antwoord dat op passende wijze aan het verzoek voldoet.\n\n"
        "### Instructie:\nVertaal de volgende zinnen van het Italiaans naar het Nederlands.\n\n"
        "### Invoer:\n\n\n"
        "### Antwoord:"
    )


def test_a_region_is_asked_in_its_language() -> None:
    assert wording(Language("de-AT")).templates == wording(Language("de")).templates


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("zh-TW", "zh-Hant"),
        ("zh-HK", "zh-Hant"),
        ("zh-CN", "zh"),
        ("zh-Hans", "zh"),
        ("sr-Latn", "en"),
        ("pt-BR", "en"),
    ],
)
def test_chinese_is_asked_in_the_script_that_is_asked_for(code: str, words: str) -> None:
    assert str(wording(Language(code)).language) == words


def test_alpaca_in_the_chinese_of_taiwan() -> None:
    prompt = PromptTemplate.load("alpaca").render(
        "", Direction(Language("en"), Language("zh-TW")), prompt_language=Language("zh-TW")
    )
    assert text_of(prompt) == (
        "以下是一則描述任務的指令，並附有提供更多背景資訊的輸入。請寫出能妥善完成該請求的回應。\n\n"
        "### 指令：\n請將下列句子從英文翻譯成繁體中文。\n\n### 輸入：\n\n\n### 回應："
    )


def test_a_language_without_texts_is_asked_for_in_english() -> None:
    assert ptl("plain", "en-sv") == "Translate from English to Swedish.\n\n"
    assert ptl("alpaca", "fi-sv") == ptl("alpaca", "fi-sv", "en")
