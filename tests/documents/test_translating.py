from hypothesis import given
from hypothesis import strategies as st
from tests.documents.answers import Model, liar, same, upper

from ontarget.documents.parts import Tag
from ontarget.documents.segments import Atom, Fixed
from ontarget.documents.translating import translate_cores
from ontarget.placeholders import placeholders

B, END = Tag("<b>"), Tag("</b>")
CORE = ("Click ", B, "the button", END, " or ", Fixed("{url}"), ".")


def test_each_text_is_asked_once_and_in_one_call() -> None:
    model = Model(upper)
    found = translate_cores([("one dog",), CORE, ("one dog",)], model)
    assert model.calls == [["one dog", "Click X1 the button X2 or X3."]]
    assert found["one dog",].core == ("ONE DOG",)
    assert found["one dog",].way == "whole"
    assert found[CORE].core == ("CLICK ", B, "THE BUTTON", END, " OR ", Fixed("{url}"), ".")
    assert found[CORE].way == "masked"
    assert found[CORE].checked.source == "Click the button or {url}."
    assert found[CORE].checked.text == "CLICK THE BUTTON OR {url}."


def test_a_model_that_keeps_placeholders_but_no_names() -> None:
    core = ("Hello ", Fixed("{name}"), "!")
    model = Model(lambda text: text.replace("X1", "").replace("Hello", "Hallo"))
    found = translate_cores([core], model)[core]
    assert found.core == ("Hallo ", Fixed("{name}"), "!")
    assert found.way == "shown"
    assert model.calls == [["Hello X1!"], ["Hello {name}!"]]


def test_a_liar_translates_piece_by_piece() -> None:
    model = Model(liar)
    found = translate_cores([CORE], model)[CORE]
    assert found.core == ("CLICK ", B, "THE BUTTON", END, " OR ", Fixed("{url}"), ".")
    assert found.way == "pieces"
    assert model.calls[-1] == ["Click", "the button", "or"]


def test_an_empty_answer_leaves_the_text_as_it_is() -> None:
    model = Model(lambda text: "")
    found = translate_cores([CORE, ("one dog",)], model)
    assert found[CORE].core == CORE
    assert found["one dog",].core == ("one dog",)
    assert found[CORE].way == found["one dog",].way == "left"
    assert model.asked.count("one dog") == 1  # a text without tags has no pieces


def test_an_answer_with_a_placeholder_of_its_own_leaves_the_text_as_it_is() -> None:
    model = Model(lambda text: "ein Hund {name}")
    found = translate_cores([("one dog",)], model)["one dog",]
    assert (found.core, found.way, found.checked.text) == (("one dog",), "left", "one dog")
    assert found.checked.verdict.outcome == "off_target"
    assert found.checked.verdict.language == "en"
    assert found.checked.verdict.flags == ("echo",)
    assert model.calls == [["one dog"]]


def test_control_characters_that_only_an_answer_has_are_dropped() -> None:
    model = Model(lambda text: text.upper() + "\x00\x1b[1m\x9f\uffff\t\x85é")
    found = translate_cores([("one dog",), ("a\x1b[0m cat",)], model)
    assert found["one dog",].core == ("ONE DOG[1m é",)
    assert found["one dog",].checked.text == "ONE DOG[1m é"
    assert found["a\x1b[0m cat",].core == ("A\x1b[0M CAT\x1b[1m é",)  # the document has held it before
    only = translate_cores([CORE, ("one dog",)], Model(lambda text: "\x00"))
    assert {core: (one.core, one.way) for core, one in only.items()} == {
        core: (core, "left") for core in (CORE, ("one dog",))
    }


def test_lost_numbers_are_those_of_the_text_that_readers_see() -> None:
    core = ("In 1984 ", Fixed("{x}"), " had 50 dogs")
    found = translate_cores([core], Model(lambda text: text.replace("1984", "1948")))[core]
    assert found.checked.verdict.details == {"numbers_lost": ("1984",)}


ATOMS = st.one_of(
    st.sampled_from(["one dog", " two cats ", ", ", "12", " X1 "]),
    st.builds(Fixed, st.sampled_from(["{x}", "%s", "https://x.org", "ACME"])),
    st.builds(Tag, st.sampled_from(["<b>", "</b>", "<i>"])),
)
WRONG = [
    same,
    upper,
    liar,
    lambda text: "",
    lambda text: text[::-1],
    lambda text: text + " " + text,
    lambda text: text.replace("1", "2"),
    lambda text: "{x} %s X1 X2 <b>",
    lambda text: " ".join(sorted(text.split())),
]


@given(st.lists(ATOMS, min_size=1, max_size=8), st.sampled_from(WRONG))
def test_no_model_can_lose_or_invent_a_part(core: list[Atom], wrong) -> None:  # type: ignore[no-untyped-def]
    core.append(" a dog")
    found = translate_cores([tuple(core)], Model(wrong))[tuple(core)]
    for kind in (Tag, Fixed):
        kept = [atom for atom in found.core if isinstance(atom, kind)]
        given_ = [atom for atom in core if isinstance(atom, kind)]
        assert (kept if kind is Tag else sorted(kept, key=str)) == (
            given_ if kind is Tag else sorted(given_, key=str)
        )
    assert not [part for atom in found.core if isinstance(atom, str) for part in placeholders(atom)]


def test_an_answer_without_words_leaves_the_text_as_it_is() -> None:
    found = translate_cores([CORE, ("one dog",), ("in ", Fixed("{x}"))], Model(lambda text: ". . ."))
    for core, one in found.items():
        assert (one.core, one.way) == (core, "left")
