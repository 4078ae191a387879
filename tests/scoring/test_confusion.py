from collections.abc import Sequence

import pytest

from ontarget.errors import UserError
from ontarget.languages import Language
from ontarget.scoring.confusion import confusion_matrix, language_confusion
from ontarget.scoring.interval import wilson
from ontarget.scoring.language_id import Guess

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
    assert (found.lpr.value, found.wpr, found.lcpr) == (50.0, None, None)


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
    assert "|english:list-of-2|" in found.wpr.signature


def test_chinese_and_japanese_lines_are_long_enough_by_their_characters() -> None:
    found = language_confusion(["面包师今天早上很早就开门了。", "早上好。"], "zh")
    assert (found.lpr.value, found.lpr.n) == (100.0, 1)
    mixed = language_confusion(["面包师今天早上很早就开门了，卖的是bread和蛋糕。"], "zh")
    assert mixed.wpr is not None
    assert mixed.wpr.value == 0.0


def test_all_lines_wrong_leaves_no_word_to_judge() -> None:
    found = language_confusion([ENGLISH], "ru")
    assert (found.lpr.value, found.wpr, found.lcpr) == (0.0, None, None)


def test_without_a_line_to_judge_there_is_no_figure() -> None:
    with pytest.raises(UserError, match="no response has a line of 5 words"):
        language_confusion(["Да.", ""], "ru")
    assert language_confusion(["Да, конечно."], "ru", words=2, confidence=0.0).lpr.n == 1


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
