from ontarget.translation.hypothesis import Hypothesis
from ontarget.translation.too_long import refused, sentences


def test_the_first_few_are_named_and_the_others_counted() -> None:
    found = [
        Hypothesis("", "too-long", 0.0, 0, 70 + n) if n % 2 else Hypothesis("", "stop", 0.0, 1)
        for n in range(14)
    ]
    tokens = refused(found)
    assert tokens == {2: 71, 4: 73, 6: 75, 8: 77, 10: 79, 12: 81, 14: 83}
    first, *_, last = sentences(tokens, 64)
    assert first == (
        "line 2 is too long and left empty: with its prompt it has 71 tokens, but the model takes 64, "
        "output included; split it"
    )
    assert last == "2 more lines are too long and left empty"
    assert (
        sentences(dict(list(tokens.items())[:6]), 64, "text")[-1] == "1 more text is too long and left empty"
    )
    assert sentences({}, 64) == []


def test_a_number_that_is_not_known_is_not_made_up() -> None:
    start = "line 1 is too long for the model and left empty"
    assert sentences({1: 0}, None) == [f"{start}; split it"]
    assert sentences({1: 99}, None) == [f"{start}: with its prompt it has 99 tokens; split it"]
    assert sentences({1: 0}, 64) == [f"{start}: the model takes 64, output included; split it"]
