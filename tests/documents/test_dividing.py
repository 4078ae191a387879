from hypothesis import given
from hypothesis import strategies as st
from tests.documents.answers import Model, answer

from ontarget.documents.dividing import halved, translate_divided


def short(limit: int, finish: str = "too-long"):  # type: ignore[no-untyped-def]
    """A model that takes texts of at most `limit` characters."""

    def translate(texts):  # type: ignore[no-untyped-def]
        return [
            answer(text, "" if finish == "too-long" else text[:limit], finish)
            if len(text) > limit
            else answer(text, text.upper())
            for text in texts
        ]

    return translate


def test_a_text_that_is_too_long_is_divided_at_the_best_place() -> None:
    text = "The first one is here. The second one, which is long, is there."
    (one,) = translate_divided([text], short(30))
    assert one.text == text.upper()
    assert one.source == text
    assert halved(text) == ("The first one is here.", " ", "The second one, which is long, is there.")
    assert halved("a very long clause, and another clause") == (
        "a very long clause,",
        " ",
        "and another clause",
    )
    assert halved('He said "no." She said "yes."') == ('He said "no."', " ", 'She said "yes."')
    assert halved("one two three") == ("one two", " ", "three") or halved("one two three") == (
        "one",
        " ",
        "two three",
    )
    assert halved("word") is None


def test_a_word_that_cannot_be_divided_stays_as_it_is() -> None:
    (one,) = translate_divided(["short unbelievablylongword"], short(10))
    assert one.text == "SHORT unbelievablylongword"
    (alone,) = translate_divided(["unbelievablylongword"], short(10))
    assert alone.text == ""
    assert alone.hypothesis.too_long


def test_only_long_texts_are_divided_when_an_answer_was_cut_off() -> None:
    words = "word " * 60
    (one,) = translate_divided([words.strip()], short(150, "length"))
    assert one.text == words.strip().upper()
    model = Model(str.upper)
    (two,) = translate_divided(["one two three four"], short(5, "length"))
    assert two.hypothesis.finish_reason == "length"
    assert translate_divided([], model) == []
    assert model.calls == []


@given(st.text(min_size=1, max_size=500))
def test_two_halves_are_the_text_and_shorter(text: str) -> None:
    half = halved(text)
    if half is not None:
        first, between, second = half
        assert first + between + second == text
        assert first
        assert second
        assert between == "" or between.isspace()


@given(st.lists(st.sampled_from(["one", "two.", "three,", "好。", "four"]), min_size=1, max_size=60))
def test_nothing_is_lost_however_short_the_context(words: list[str]) -> None:
    text = " ".join(words)
    (one,) = translate_divided([text], short(12))
    assert one.text == text.upper() or len(words) == 1
