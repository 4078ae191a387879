import pytest
from tests.checked.fake import ENGLISH, FRENCH, GERMAN

from ontarget.checked.source import source_directions
from ontarget.errors import UserError
from ontarget.languages import Language
from ontarget.scoring.language_id.identifier import default_identifier
from ontarget.scoring.language_id.identifiers import identifier_named


def detected(texts: list[str], target: str) -> list[str | None]:
    found = source_directions(texts, Language(target), default_identifier())
    return [str(direction) if direction else None for direction in found]


def test_each_line_has_its_own_language() -> None:
    russian = "Собака сегодня спит на диване."
    assert detected([GERMAN, ENGLISH, russian, FRENCH], "fr") == ["de-fr", "en-fr", "ru-fr", None]


def test_a_short_or_empty_line_is_in_the_main_language() -> None:
    lines = [GERMAN, "Der Mann kauft heute Brot und Milch.", "Ja", "OK", "", "12:30", "Hotel"]
    assert detected(lines, "fr") == ["de-fr"] * 7
    assert detected([*lines, "Ναι"], "fr")[-1] == "el-fr"  # another script is clear


def test_text_in_the_target_language_is_left_alone() -> None:
    assert detected([FRENCH, "Oui", ""], "fr") == [None] * 3


def test_in_a_file_that_is_mostly_translated_the_rest_is_the_source() -> None:
    dutch = [
        "De instellingen zijn opgeslagen en worden bij de volgende keer gebruikt.",
        "Het bestand kan niet worden geopend, omdat het door een ander programma wordt gebruikt.",
    ]
    english = ["Save changes", "Cancel", "Delete file"]
    assert detected([*dutch, *english, "Opslaan"], "nl") == [None, None, "en-nl", "en-nl", "en-nl", None]
    assert detected([*dutch, "12:30", "Opslaan", "Bestand openen"], "nl") == [None] * 5
    names = ["Oui", "Non", "Menu", "OK", "Hotel", "Paris", "Bernd", "Email"]
    assert detected([FRENCH, *names], "fr") == [None] * 9
    simplified, traditional = "这是一个关于图书馆的句子。", "這是一個關於圖書館的句子。"
    chinese = [simplified, traditional, "The dog is sleeping in the house."]
    assert detected(chinese, "zh-TW") == ["zh-zh-TW", None, "en-zh-TW"]


def test_another_script_of_the_target_language_is_translated() -> None:
    simplified, traditional = "这是一个关于图书馆的句子。", "這是一個關於圖書館的句子。"
    assert detected([simplified, traditional], "zh-TW") == ["zh-zh-TW", None]


def test_lines_without_words_are_left_alone_and_text_that_nobody_knows_is_refused() -> None:
    assert detected(["12:30", "", "👍"], "fr") == [None] * 3
    assert detected([], "fr") == []
    script = identifier_named("script", ["ja", "zh"])
    with pytest.raises(UserError, match="cannot be identified; name it with --from"):
        source_directions(["xyzzy plugh"], Language("ja"), script)
