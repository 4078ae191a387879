"""What is chosen of several translations, by what a reader would compare by hand."""

from collections.abc import Sequence

import pytest
from sacrebleu import sentence_chrf

from ontarget.corpora.corpus import Translation
from ontarget.languages import Direction
from ontarget.pipeline.execution.candidates import Row, choose
from ontarget.recipes.schema.synthetic import Select

IT_NL = Direction.parse("it-nl")
SOURCE = "Piove molto."


def row(text: str, outcome: str = "on") -> Row:
    return {"source": SOURCE, "text": text, "outcome": outcome}


class Model:
    """Knows what each text becomes, and remembers what it was asked."""

    def __init__(self, **known: str) -> None:
        self.known, self.asked = known, list[Translation]()

    def __call__(self, pairs: Sequence[Translation]) -> list[str]:
        self.asked += pairs
        return [self.known[pair.source.split()[0].strip(".")] for pair in pairs]


NOBODY = Model()


def chosen(rows: list[Row], select: Select, direct: Model = NOBODY, in_two: Model = NOBODY) -> Row:
    [found] = choose([rows], select, IT_NL, direct=direct, in_two=in_two)
    return found


CANDIDATES = [row("Sneeuwt het?"), row("Regent het veel?"), row("Het regent veel.")]


def test_the_best_is_the_most_probable_of_those_that_are_kept() -> None:
    assert chosen(CANDIDATES, "best") == row("Sneeuwt het?") | {"candidate": 1}
    later = [row("It rains.", "english"), row("Regent.", "short"), *CANDIDATES[1:]]
    assert chosen(later, "best") == CANDIDATES[1] | {"candidate": 3}


@pytest.mark.parametrize("select", ["best", "agreement", "round-trip"])
def test_of_none_that_is_kept_the_first_says_why(select: Select) -> None:
    none = [row("It rains.", "english"), row("", "empty")]
    assert chosen(none, select) == none[0] | {"candidate": 1}


def test_agreement_is_nearness_to_what_comes_through_the_pivot() -> None:
    pivot = Model(Piove="Het regent heel veel.")
    found = chosen(CANDIDATES, "agreement", in_two=pivot)
    assert (found["text"], found["candidate"]) == ("Het regent veel.", 3)
    assert found["chrf"] == sentence_chrf("Het regent veel.", ["Het regent heel veel."]).score
    assert pivot.asked == [Translation(SOURCE, "", IT_NL)], "once for a line"


def test_round_trip_is_nearness_of_the_way_back_to_the_source() -> None:
    back = Model(Sneeuwt="Nevica?", Regent="Piove molto?", Het="Sta piovendo.")
    found = chosen(CANDIDATES, "round-trip", direct=back)
    assert (found["text"], found["candidate"]) == ("Regent het veel?", 2)
    assert found["chrf"] == sentence_chrf("Piove molto?", [SOURCE]).score
    assert back.asked == [Translation(one["text"], "", IT_NL.reverse) for one in CANDIDATES]


def test_what_is_not_kept_is_never_chosen_however_near() -> None:
    near = [row("Piove molto.", "copy"), *CANDIDATES]
    assert chosen(near, "agreement", in_two=Model(Piove="Piove molto."))["text"] != "Piove molto."


@pytest.mark.parametrize("select", ["agreement", "round-trip"])
def test_nobody_is_asked_where_there_is_no_choice(select: Select) -> None:
    """One that is kept, of each of two lines, and none of a third; `NOBODY` knows nothing."""
    lines = [[row("It rains.", "english"), row("Het regent.")], [row("Regen.")], [row("", "empty")]]
    found = choose(lines, select, IT_NL, direct=NOBODY, in_two=NOBODY)
    assert [(one["text"], one["candidate"]) for one in found] == [("Het regent.", 2), ("Regen.", 1), ("", 1)]
    assert not NOBODY.asked


def test_of_equals_the_more_probable_one() -> None:
    back = Model(Sneeuwt="Piove.", Regent="Piove.", Het="Piove.")
    assert chosen(CANDIDATES, "round-trip", direct=back)["candidate"] == 1


def test_lines_keep_their_order_and_their_own_references() -> None:
    other = {"source": "Adesso andiamo.", "outcome": "on"}
    lines = [CANDIDATES, [other | {"text": "We lopen."}, other | {"text": "We gaan nu."}]]
    pivot = Model(Piove="Regent het veel?", Adesso="We gaan nu.")
    found = choose(lines, "agreement", IT_NL, direct=NOBODY, in_two=pivot)
    assert [one["text"] for one in found] == ["Regent het veel?", "We gaan nu."]
