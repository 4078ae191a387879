from hypothesis import given
from hypothesis import strategies as st

from ontarget.scoring.repetition import repetition, repetitive

LOOP = "het is een huis en het is een huis en " * 6
PLAIN = "Toen de zon opkwam, opende de bakker zijn winkel en zette hij het eerste brood in de grote etalage."


def test_repetition_of_plain_text_is_low_and_of_a_loop_high() -> None:
    assert repetition(PLAIN) < 0.05
    assert repetition(LOOP) > 0.8
    assert repetition("") == repetition("kort") == 0.0


def test_repetition_is_the_share_of_sequences_that_came_before() -> None:
    assert repetition("0123456789" * 2) == 1 - 10 / 11  # eleven sequences; the last is the first
    assert repetition("a" * 19) == 0.9


@given(st.text(min_size=10, max_size=40), st.integers(2, 12))
def test_repetition_grows_with_each_repeat(text: str, times: int) -> None:
    assert 0.0 <= repetition(text * times) <= repetition(text * (times + 1)) <= 1.0


@given(st.lists(st.tuples(st.text("ab ", max_size=60), st.integers(1, 4)), max_size=5), st.floats(0, 1))
def test_repetitive_texts_are_those_with_more_repetition(pieces: list[tuple[str, int]], share: float) -> None:
    texts = [text * times for text, times in pieces]
    assert repetitive(texts, share) == {text for text in texts if repetition(text) > share}


def test_repetitive_texts_in_any_script_among_thousands_of_others() -> None:
    loops = [LOOP, "日本語の文" * 50, "🙂 " * 2000]
    plain = [f"{n} {PLAIN} {PLAIN.swapcase()}" for n in range(1000)]
    assert repetitive([*plain, *loops, *plain], 0.6) == set(loops)


def test_a_very_long_text_that_does_not_repeat_itself_is_not_repetitive() -> None:
    assert repetitive(["".join(f"{n} " for n in range(10_000))], 0.6) == set()
