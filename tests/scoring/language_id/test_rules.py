from collections.abc import Collection, Sequence
from typing import Any
from unicodedata import normalize

import pytest

from ontarget.errors import UserError
from ontarget.languages import Language
from ontarget.scoring.language_id.identifier import EvenOdds, FastText, Guess, default_identifier
from ontarget.scoring.language_id.rules import Reading, read, signature_of


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
    [found] = read([text], Sure(label, probability), {"ja"})
    return found


def test_the_identifier_is_asked_for_the_words_alone() -> None:
    identifier = Sure("en")
    read(["READ THIS: https://example.com"], identifier, {"en"})
    assert " ".join(identifier.asked[0].split()) == "read this:"
    read(["READ THIS: https://example.com"], identifier, {"en"}, "paper")
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


class Weighs(Sure):
    """One that also says how probable the language is that was asked for."""

    even_odds = EvenOdds(((10, 0.05),), 0.1)

    def __init__(self, label: str, asked_for: float) -> None:
        super().__init__(label)
        self.asked_for = asked_for

    def weigh(self, texts: Sequence[str], labels: Collection[str]) -> list[tuple[Guess, float]]:
        return [(guess, self.asked_for) for guess in self.identify(texts)]


@pytest.mark.parametrize(
    ("text", "label", "asked_for", "doubt"),
    [
        ("a line of text", "en", 0.09, None),
        ("a line of text", "en", 0.1, "unsure"),
        ("a line", "en", 0.04, None),
        ("a line", "en", 0.05, "unsure"),  # of short lines an identifier knows less
        ("a line of text", "el", 0.9, None),  # it is the language asked for
        ("a line of text", "und", 0.0, "unsure"),
    ],
)
def test_another_language_is_unsure_where_the_one_asked_for_is_as_likely(
    text: str, label: str, asked_for: float, doubt: str | None
) -> None:
    identifier = Weighs(label, asked_for)
    [found] = read([text], identifier, {"el"})
    assert found.doubt == doubt
    assert signature_of("robust", identifier).endswith("|unsure:0.05<10+0.1")


def test_what_the_script_settles_is_in_no_doubt() -> None:
    [found] = read(["Η γάτα κοιμάται"], Weighs("en", 0.5), {"ka"})
    assert found == Reading(Guess("el", 1.0))


@pytest.mark.parametrize(("probability", "doubt"), [(0.49, "unsure"), (0.5, None)])
def test_an_identifier_that_gives_its_guess_alone_is_unsure_below_a_half(
    probability: float, doubt: str | None
) -> None:
    identifier = Sure("en", probability)
    assert [found.doubt for found in read(["a line of text"], identifier, {"el"})] == [doubt]
    assert [found.doubt for found in read(["a line of text"], identifier, {"en"})] == [None]
    assert signature_of("robust", identifier).endswith("|unsure:guess<0.5")


@pytest.mark.parametrize(("asked", "label"), [("ja", "und"), ("zh", "zh"), ("en", "zh")])
def test_chinese_characters_alone_may_be_japanese_where_that_was_asked_for(asked: str, label: str) -> None:
    [found] = read(["東京大学"], Sure("ja"), {asked})
    assert found.guess.label == label


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
def test_the_identifier_reads_composed_letters(form: Any) -> None:
    identifier = Sure("en")
    read([normalize(form, "Tiếng Việt có dấu"), "Ｌｅ　ｃｈａｔ", "ﾊﾟｿｺﾝ"], identifier, {"en"})
    assert identifier.asked == ["tiếng việt có dấu", "le chat", "パソコン"]


def test_rules_that_there_are_not_are_an_error() -> None:
    with pytest.raises(UserError, match="neither robust nor paper; did you mean 'paper'"):
        read(["a"], Sure("en"), {"en"}, "Paper")  # type: ignore[arg-type]


def test_the_papers_rules_know_no_doubt() -> None:
    [found] = read(["123"], Weighs("en", 0.5), {"el"}, "paper")
    assert found == Reading(Guess("en", 0.9))
    assert signature_of("paper", default_identifier()) == "case:mixed|norm:none"


def test_the_weight_of_labels_is_their_share_of_those_that_may_occur() -> None:
    text = ["pekarica u našem susjedstvu otvara dućan prije izlaska sunca"]
    [(_, of_hr)] = default_identifier().weigh(text, {"hr"})
    [(_, of_both)] = default_identifier().weigh(text, {"hr", "sr"})
    assert 0 < of_hr < of_both <= 1.0001
    among = FastText(among=[Language("hr"), Language("sr")])
    [(guess, of_hr)] = among.weigh(text, {"hr"})
    [(_, of_sr)] = among.weigh(text, {"sr"})
    assert of_hr + of_sr == pytest.approx(1)
    assert guess.probability == pytest.approx(max(of_hr, of_sr))
