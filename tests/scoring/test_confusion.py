from collections.abc import Sequence

import pytest

from ontarget.languages import Language
from ontarget.scoring.confusion import confusion_matrix, language_confusion, rules
from ontarget.scoring.interval import wilson
from ontarget.scoring.language_id.identifier import Guess, default_identifier
from ontarget.scoring.pass_rates import PassRates

RUSSIAN = "Сегодня утром пекарь открыл свою лавку раньше обычного."
RUSSIAN_TOO = "Соседи пришли за свежим хлебом ещё до восхода солнца."
ENGLISH = "The baker opened her shop before the sun came up."
GERMAN = "Die Bäckerin öffnete ihren Laden noch vor Sonnenaufgang."
FRENCH = "La boulangère a ouvert sa boutique avant le lever du soleil."


def test_the_three_figures_from_counted_responses() -> None:
    """Four responses are long enough; three have right lines only; one of those has an English word."""
    responses = [
        f"{RUSSIAN}\n{RUSSIAN_TOO}",
        RUSSIAN,
        f"{RUSSIAN} Это называется bakery и стоит недорого.",
        f"{RUSSIAN}\n{ENGLISH}",
        "Слишком коротко.",
    ]
    found = language_confusion(responses, "ru")
    assert (found.lpr.metric, found.lpr.value, found.lpr.n) == ("lpr", 75.0, 4)
    assert found.lpr.interval == wilson(3, 4)
    assert found.wpr is not None
    assert found.lcpr is not None
    assert (found.wpr.value, found.wpr.n) == (100 * 2 / 3, 3)
    assert found.lcpr.value == pytest.approx(2 * 75 * (200 / 3) / (75 + 200 / 3))
    assert "|confidence:0.3|words:5|english:latin|n:4|" in found.lpr.signature


def test_lines_decide_and_not_the_response_as_a_whole() -> None:
    found = language_confusion([f"{FRENCH}\n{FRENCH}\n{FRENCH}\n{ENGLISH}", FRENCH], "fr")
    assert found.lpr.value == 50.0


def test_words_of_a_language_in_latin_script_cannot_be_told() -> None:
    found = language_confusion([FRENCH, GERMAN], "fr")
    assert found.lpr is not None
    assert (found.lpr.value, found.wpr, found.lcpr) == (50.0, None, None)
    why = "letters do not show the language of words in Latin script"
    assert found.missing == {"wpr": why, "lcpr": why}


@pytest.mark.parametrize(
    ("addition", "clean"),
    [
        ("Это называется bakery сегодня.", False),
        ("Это Bakery сегодня.", True),  # a name
        ("Это tea сегодня.", True),  # three letters
        ("Это BBC сегодня.", True),
        ("Это кафе сегодня.", True),
    ],
)
def test_what_an_english_word_is(addition: str, clean: bool) -> None:
    found = language_confusion([f"{RUSSIAN} {addition}"], "ru")
    assert found.wpr is not None
    assert found.wpr.value == (100.0 if clean else 0.0)


def test_with_a_list_only_its_words_count() -> None:
    responses = [f"{RUSSIAN} Это panettone сегодня.", f"{RUSSIAN} Это bakery сегодня."]
    found = language_confusion(responses, "ru", english={"bakery", "bread"})
    assert found.wpr is not None
    assert found.wpr.value == 50.0
    assert "|english:list-of-2@" in found.wpr.signature


def test_chinese_and_japanese_lines_are_long_enough_by_their_characters() -> None:
    found = language_confusion(["面包师今天早上很早就开门了。", "早上好。"], "zh")
    assert (found.lpr.value, found.lpr.n) == (100.0, 1)
    mixed = language_confusion(["面包师今天早上很早就开门了，卖的是bread和蛋糕。"], "zh")
    assert mixed.wpr is not None
    assert mixed.wpr.value == 0.0


def test_all_lines_wrong_leaves_no_word_to_judge() -> None:
    found = language_confusion([ENGLISH], "ru")
    assert found.lpr is not None
    assert (found.lpr.value, found.wpr, found.lcpr) == (0.0, None, None)
    assert found.missing["wpr"] == "no response passes LPR"


def test_without_a_line_to_judge_there_is_no_figure() -> None:
    found = language_confusion(["Да.", ""], "ru")
    assert (found.lpr, found.wpr, found.lcpr) == (None, None, None)
    assert found.missing == dict.fromkeys(("lpr", "wpr", "lcpr"), "no response has a line of 5 words")
    of_two = language_confusion(["Да, конечно."], "ru", words=2, confidence=0.0)
    assert of_two.lpr is not None
    assert of_two.lpr.n == 1


@pytest.mark.parametrize(
    ("addition", "clean"),
    [
        ("Смотрите https://www.bakery.example/fresh-bread.html сегодня.", True),
        ("Пишите на адрес baker@bakery.example сегодня.", True),
        ("Напишите {username} сегодня.", True),
        ("Смотрите fresh bread на https://bakery.example сегодня.", False),
        ("Это don't сегодня.", False),
        ("UNESCO И BAKERY РАБОТАЮТ КАК ОБЫЧНО", True),
    ],
)
def test_an_address_or_a_placeholder_is_not_an_english_word(addition: str, clean: bool) -> None:
    found = language_confusion([f"{RUSSIAN} {addition}"], "ru")
    assert found.wpr is not None
    assert found.wpr.value == (100.0 if clean else 0.0)


@pytest.mark.parametrize("line", ["早 上 好 吗 。", "早上好，。！？ — …", "— — — — — — —", "1 2 3 4 5 6"])
def test_neither_blanks_in_chinese_nor_signs_make_words(line: str) -> None:
    assert language_confusion([line], "zh").lpr is None


def test_chunks_count_as_the_whole_does() -> None:
    responses = [RUSSIAN, f"{RUSSIAN}\n{ENGLISH}", f"{RUSSIAN} Это bakery.", "Да.", GERMAN] * 3
    count = PassRates(Language("ru"), default_identifier(), rules())
    for start in range(0, len(responses), 4):
        count.add(responses[start : start + 4])
    assert count.figures() == language_confusion(responses, "ru")


class Doubtful:
    """Right, and not sure of it."""

    signature = "doubtful"
    labels = frozenset({"ru"})

    def identify(self, texts: Sequence[str]) -> list[Guess]:
        return [Guess("ru", 0.3) for _ in texts]


def test_a_doubtful_line_fails() -> None:
    assert language_confusion([RUSSIAN], "ru", Doubtful()).lpr.value == 0.0
    assert language_confusion([RUSSIAN], "ru", Doubtful(), confidence=0.2).lpr.value == 100.0


def test_requested_and_produced_languages() -> None:
    norwegian = "Bakeren åpnet butikken sin før soloppgang, slik hun alltid har gjort det."
    matrix = confusion_matrix(
        {Language("fr"): [FRENCH, GERMAN, GERMAN, ""], Language("nb"): [norwegian, ENGLISH]}
    )
    assert matrix == {"fr": {"de": 2, "fr": 1, "": 1}, "nb": {"nb": 1, "en": 1}}
    assert list(matrix["fr"]) == ["de", "fr", ""]
