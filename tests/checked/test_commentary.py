import pytest

from ontarget.checked.commentary import commentary_in
from ontarget.languages import Direction

EN_FR = Direction.parse("en-fr")
SOURCE = "The dog is sleeping on the sofa."
ANSWER = "Le chien dort sur le canapé."


@pytest.mark.parametrize(
    "said",
    [
        "Here is the translation: {}",
        "Here's the French translation of the text: {}",
        "Sure! Here is your translation into French: {}",
        "Translation: {}",
        "**Translation:** {}",
        "Voici la traduction : {}",
        "La traduction en français est : {}",
        "Die Übersetzung lautet: {}",
        "Hier ist die Übersetzung: {}",
        "Ecco la traduzione: {}",
        "De vertaling is: {}",
        "Вот перевод: {}",
        "翻译：{}",
        "以下是翻译：{}",
        "翻訳：{}",
        "번역: {}",
        "French: {}",
        "Français : {}",
        "{} (Note: the dog may be female.)",
        "{} Note: this is an informal translation.",
        "{} Remarque : le chien peut être une chienne.",
        "{} （注：这里是意译）",
        "### Response: {}",
        "{} ### Instruction: Translate",
        "<think> The user wants French. {}",
        "Sure, {}",
        "I'm sorry, but I can't translate this text.",
        "As an AI language model, I cannot judge. {}",
        "In French, the sentence is translated as {}",
    ],
)
def test_commentary_is_found(said: str) -> None:
    assert commentary_in(said.format(ANSWER), SOURCE, EN_FR)


@pytest.mark.parametrize(
    ("text", "source"),
    [
        (ANSWER, SOURCE),
        ("Le chien : il dort sur le canapé.", "The dog: it is sleeping on the sofa."),
        ("Voici la traduction : bonjour", "Here is the translation: hello"),
        ("Note : le chien dort.", "Note: the dog is sleeping."),
        ("Il a dit : « Bien sûr. »", 'He said: "Sure."'),
        ("Français : 3 heures par semaine", "French: 3 hours a week"),
        ("Le traducteur dort : il est fatigué.", "The translator is asleep: he is tired."),
        ("Sure, c'est une marque.", "Sure, this is a brand."),
        ("### Chapitre", "### Chapter"),
        ("To translate ou traduire", "Translate or interpret"),
        ("Désolé, je ne peux pas venir.", "I'm sorry, but I can't come."),
        ("", ""),
    ],
)
def test_text_that_has_such_words_itself_is_not_commentary(text: str, source: str) -> None:
    assert commentary_in(text, source, EN_FR) is None


def test_what_is_said_is_shown() -> None:
    assert commentary_in(f"Translation: {ANSWER}", SOURCE, EN_FR) == "Translation:"
    assert commentary_in(f"French: {ANSWER}", SOURCE, EN_FR) == "French:"
    assert commentary_in(f"{ANSWER} (Note: informal)", SOURCE, EN_FR) == "(Note: informal)"


def test_polite_words_belong_to_english() -> None:
    assert commentary_in("Sure, I will come.", "Bien sûr, je viendrai.", EN_FR.reverse) is None
    assert commentary_in("It translates well.", "Das geht gut.", Direction.parse("de-en")) is None


def test_languages_without_names_of_languages_have_english_ones() -> None:
    ace = Direction.parse("en-ace")
    assert commentary_in("English: hello", "hello", ace) == "English:"


# A time that grew with the square of the length would take minutes.
@pytest.mark.parametrize("unit", ["_", "/", "`", "{{", "- ", "note ", "translation ", "a", " ", "1"])
@pytest.mark.parametrize("before", ["", ". note ", "a (note: ", "French: "])
def test_a_long_text_takes_no_longer_for_each_of_its_characters(before: str, unit: str) -> None:
    text = before + unit * (100_000 // len(unit)) + "x:"
    said = commentary_in(text, "x", EN_FR)
    assert said is None or said in text
    assert commentary_in(text, text, EN_FR) is None
