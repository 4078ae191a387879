import sys

import pytest

from ontarget.errors import UserError
from ontarget.languages import Language
from ontarget.scoring import lcb
from ontarget.scoring.lcb import benchmark_confusion
from ontarget.scoring.pass_rates import LanguageConfusion

RUSSIAN = "Сегодня утром пекарь открыл свою лавку раньше обычного."
ENGLISH = "The baker opened her shop before the sun came up."
FRENCH = "La boulangère a ouvert sa boutique avant le lever du soleil."
CHINESE = "面包师今天早上很早就打开了她的商店。"
JAPANESE = "パン屋さんは今朝いつもより早く店を開けました。"
WORDS = frozenset({"bakery", "bread", "httpsbakeryexample"})


def values(found: LanguageConfusion) -> tuple[float | None, float | None, float | None]:
    return tuple(None if score is None else score.value for score in (found.lpr, found.wpr, found.lcpr))  # type: ignore[return-value]


def test_the_three_figures_from_counted_responses() -> None:
    """Five responses have a line of five words, four are right, and three of those have no English word."""
    found = benchmark_confusion(
        [
            RUSSIAN,
            f"{RUSSIAN}\n\nДа.\n{RUSSIAN}",
            f"{RUSSIAN} Там bakery и хлеб.",
            f"{RUSSIAN} Там panettone и хлеб.",
            f"{RUSSIAN}\n{ENGLISH}",
            "Слишком коротко.",
        ],
        "ru",
        english=WORDS,
    )
    assert values(found) == (80.0, 75.0, pytest.approx(2 * 80 * 75 / 155))
    assert found.lpr is not None
    assert found.wpr is not None
    assert (found.lpr.n, found.wpr.n) == (5, 4)
    assert found.lpr.signature.startswith("lid:lid.176.ftz|rules:lcb|tokens:blanks|english:list-of-3@")


@pytest.mark.parametrize(
    ("addition", "clean"),
    [
        ("Там bakery и хлеб.", False),
        ("Там «bakery» и хлеб.", True),  # guillemets are not of ASCII, and so part of the token
        ('Там "bakery", и хлеб.', False),
        ("Там Bakery и хлеб.", True),  # looked up as it is written
        ("Там хлеб-bakery.", True),  # one token
        ("Там хлеб—bakery.", False),  # a dash separates
        ("Там bakery، и хлеб.", False),
        ("Там https://bakery.example и хлеб.", False),  # a token like any other, if the list has it
    ],
)
def test_an_english_word_is_a_whole_token_of_the_list(addition: str, clean: bool) -> None:
    assert values(benchmark_confusion([f"{RUSSIAN} {addition}"], "ru", english=WORDS))[1] == 100.0 * clean


def test_a_response_ends_where_a_model_asks_itself_the_next_question() -> None:
    assert values(benchmark_confusion([f"{RUSSIAN}\nQ: {ENGLISH}\n{ENGLISH}"], "ru"))[0] == 100.0
    assert values(benchmark_confusion([f"{RUSSIAN}\n Q: {ENGLISH}\n{ENGLISH}"], "ru"))[0] == 0.0


@pytest.mark.parametrize(("words", "judged"), [(4, False), (5, True)])
def test_a_line_of_five_tokens_is_judged(words: int, judged: bool) -> None:
    line = " ".join(ENGLISH.split()[:words])
    assert values(benchmark_confusion([f"{RUSSIAN}\n{line} - - -"], "ru"))[0] == (0.0 if judged else 100.0)


def test_where_no_response_passes_none_has_an_english_word() -> None:
    found = benchmark_confusion([ENGLISH], "ru", english=WORDS)
    assert values(found) == (0.0, 100.0, 0.0)
    assert found.wpr is not None
    assert (found.wpr.n, found.wpr.interval) == (0, None)


@pytest.mark.parametrize(
    ("responses", "language", "missing"),
    [
        ([FRENCH], "fr", {"wpr": "letters do not show the language of words in Latin script"}),
        ([RUSSIAN], "ru", {"wpr": "it needs a list of English words: --english-words FILE"}),
        (["Да."], "ru", {"lpr": "no response has a line of 5 words", "wpr": "no response has a line"}),
    ],
)
def test_a_figure_that_is_missing_says_why(
    responses: list[str], language: str, missing: dict[str, str]
) -> None:
    found = benchmark_confusion(responses, language)
    for name, why in missing.items():
        assert getattr(found, name) is None
        assert found.missing[name].startswith(why)
    assert found.missing["lcpr"] == found.missing["wpr"]


def test_chinese_is_split_by_jieba() -> None:
    pytest.importorskip("jieba")
    # jieba's tokens of the second line are four, those of the third seven: it counts blanks.
    responses = [CHINESE, "早上 好", "早 上 好 吗", f"{CHINESE}卖bread和蛋糕。", f"{CHINESE}\n{ENGLISH}"]
    found = benchmark_confusion(responses, "zh", english=WORDS)
    assert found.lpr is not None
    assert (found.lpr.n, values(found)[1]) == (4, pytest.approx(100 * 2 / 3))
    assert "|tokens:jieba-" in found.lpr.signature


def test_japanese_is_split_by_mecab() -> None:
    pytest.importorskip("fugashi")
    responses = [JAPANESE, "そう。", f"{JAPANESE}breadもあります。", ENGLISH]
    found = benchmark_confusion(responses, "ja", english=WORDS)
    assert values(found)[:2] == (pytest.approx(100 * 2 / 3), 50.0)
    assert found.lpr is not None
    assert (found.lpr.n, "|tokens:mecab-unidic" in found.lpr.signature) == (3, True)


def test_a_japanese_line_of_any_length_is_split() -> None:
    """MeCab would end the process."""
    pytest.importorskip("fugashi")
    assert values(benchmark_confusion([JAPANESE * 60_000], "ja"))[0] == 100.0


@pytest.mark.parametrize(
    ("language", "package", "splitter"), [("zh", "jieba", lcb._chinese), ("ja", "fugashi", lcb._japanese)]
)
def test_what_splits_words_and_is_missing_is_told_with_the_command(
    monkeypatch: pytest.MonkeyPatch, language: str, package: str, splitter: object
) -> None:
    splitter.cache_clear()  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(UserError, match=r"missing.*: pip install 'ontarget\[lcb\]'"):
        benchmark_confusion([CHINESE], language)


def test_traditional_chinese_is_split_too() -> None:
    pytest.importorskip("jieba")
    assert lcb._tokenizer(Language("zh-TW"))[1].startswith("jieba-")
