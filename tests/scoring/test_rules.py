from collections.abc import Sequence

import pytest

from ontarget.scoring.language_id import Chance, Guess, default_identifier
from ontarget.scoring.lingua import Lingua
from ontarget.scoring.rules import Reading, read, signature_of


class Sure:
    """An identifier that gives each text one answer, and remembers what it was asked."""

    signature = "sure"
    labels = frozenset({"ja", "zh", "ko", "el", "he", "yi", "en", "ka"})

    def __init__(self, label: str, probability: float = 0.9) -> None:
        self.answer = Guess(label, probability)
        self.asked: list[str] = []

    def identify(self, texts: Sequence[str]) -> list[Guess]:
        self.asked += texts
        return [self.answer if text else Guess("", 0.0) for text in texts]


def reading(text: str, label: str, probability: float = 0.9) -> Reading:
    [found] = read([text], Sure(label, probability))
    return found


def test_the_identifier_is_asked_for_the_words_alone() -> None:
    identifier = Sure("en")
    read(["READ THIS: https://example.com"], identifier)
    assert " ".join(identifier.asked[0].split()) == "read this:"
    read(["READ THIS: https://example.com"], identifier, "paper")
    assert identifier.asked[1] == "READ THIS: https://example.com"


@pytest.mark.parametrize("text", ["123", "😀", "https://example.com", "{x}", "!"])
def test_a_line_without_a_word_is_neutral(text: str) -> None:
    assert reading(text, "en") == Reading(Guess("zxx", 1.0), "neutral")


@pytest.mark.parametrize("text", ["", "  ", "\u200b"])
def test_an_empty_line_is_not_neutral(text: str) -> None:
    assert reading(text, "en") == Reading(Guess("", 0.0))


@pytest.mark.parametrize(
    ("text", "guessed", "label"),
    [
        ("这个问题还没有解决，大家都在等待。", "ja", "zh"),  # without kana nothing is Japanese
        ("この問題はまだ解決していません。", "zh", "ja"),
        ("東京大学", "ja", "und"),  # a name may do without kana
        ("Η γάτα κοιμάται στον καναπέ", "en", "el"),
        ("고양이가 소파에서 잔다", "ja", "ko"),
        ("고양이 cat 소파에서 잔다", "en", "ko"),
        ("החתול ישן על הספה", "yi", "yi"),  # two languages: the identifier decides between them
        ("החתול ישן על הספה", "en", "und"),
        ("The Greek letter αβγ stands here", "en", "en"),
        ("ภาษาไทย เป็นภาษา", "en", "en"),  # the identifier does not know Thai
    ],
)
def test_a_script_settles_what_it_can(text: str, guessed: str, label: str) -> None:
    found = reading(text, guessed)
    assert found.guess.label == label
    assert found.doubt == ("unsure" if label == "und" else None)


@pytest.mark.parametrize(
    ("text", "probability", "doubt"),
    [
        ("oui", 0.99, "unsure"),  # of so few letters only the script says more
        ("merci", 0.59, "unsure"),
        ("merci", 0.61, None),
        ("merci beaucoup", 0.49, "unsure"),
        ("merci beaucoup", 0.51, None),
        ("merci beaucoup a toi mon ami", 0.39, "unsure"),
        ("merci beaucoup a toi mon ami", 0.41, None),
        ("merci beaucoup a toi mon ami de longue date et a tous", 0.26, None),
        ("merci beaucoup a toi mon ami de longue date et a tous", 0.24, "unsure"),
    ],
)
def test_a_guess_no_better_than_chance_is_unsure(text: str, probability: float, doubt: str | None) -> None:
    assert reading(text, "en", probability).doubt == doubt


def test_chance_is_each_identifiers_own() -> None:
    assert "unsure:1<5+0.6<10+0.5<20+0.4<40+0.25" in signature_of("robust", default_identifier())
    assert signature_of("paper", default_identifier()) == "case:mixed|norm:none"
    pytest.importorskip("lingua")
    assert "unsure:0.4<5+0.2" in signature_of("robust", Lingua())


def test_the_highest_chance_bounds_all() -> None:
    chance = Chance(((10, 0.5), (20, 0.3)), 0.1)
    assert [chance.of(letters) for letters in (0, 9, 10, 19, 20, 500)] == [0.5, 0.5, 0.3, 0.3, 0.1, 0.1]
    assert chance.highest == 0.5
    assert Chance().highest == Chance().of(3) == 0.0
