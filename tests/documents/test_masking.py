import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontarget.documents.masking import masked
from ontarget.documents.parts import Tag
from ontarget.documents.segments import Atom, Fixed

B, END = Tag("<b>"), Tag("</b>")
CORE = ("Click ", B, "the {x} button", END, " or ", Fixed("{url}"), ".")


def test_a_name_for_each_tag_and_placeholder() -> None:
    core = ("Click ", B, "the button", END, " or ", Fixed("{url}"), ".")
    form = masked(core)
    assert form.text == "Click X1 the button X2 or X3."
    assert form.read("Klick X1 den Knopf X2 oder X3.") == (
        "Klick ",
        B,
        "den Knopf",
        END,
        " oder ",
        Fixed("{url}"),
        ".",
    )
    assert form.read("X3: X1 Knopf X2") == (Fixed("{url}"), ": ", B, "Knopf", END)
    shown = masked(core, show=True)
    assert shown.text == "Click X1 the button X2 or {url}."
    assert shown.read("X1 Knopf X2 {url}") == (B, "Knopf", END, " ", Fixed("{url}"))


@pytest.mark.parametrize(
    "answer",
    [
        "Klick X1 den Knopf X2.",  # X3 is lost
        "Klick X1 den Knopf X2 oder X3 X3.",
        "Klick X1 den Knopf X2 oder X3 X4.",
        "Klick X2 den Knopf X1 oder X3.",  # tags have an order
        "Klick X1 X2 den Knopf oder X3.",  # and text between them
        "Klick X1 den Knopf X2 oder X3 {y}.",
        "Klick X1 den Knopf X2 oder X13.",
        "",
    ],
)
def test_an_answer_that_lost_or_invented_a_part_is_refused(answer: str) -> None:
    assert masked(("Click ", B, "the button", END, " or ", Fixed("{url}"), ".")).read(answer) is None


def test_names_that_the_text_does_not_have() -> None:
    assert masked(("My BMW X1 and ", Fixed("{x}"))).text == "My BMW X1 and Q1"
    assert masked(("X1 Q2 Z3 J4 K5 V6 W7 Y8 and ", Fixed("{x}"))).text.endswith("and XQ1")


def test_a_text_alone_may_not_get_a_placeholder() -> None:
    assert masked(("no",)).read("nein") == ("nein",)
    assert masked(("no",)).read("nein {y}") is None


ATOMS = st.one_of(
    st.sampled_from(["one", " two ", "\n", ",", " X", "1", "("]),
    st.builds(Fixed, st.sampled_from(["{x}", "{y}", "%s", "https://x.org", "ACME"])),
    st.builds(Tag, st.sampled_from(["<b>", "</b>", "<i>"])),
)


def joined(core: list[Atom]) -> list[Atom]:
    """Without two strings in a row, as a segment has them."""
    found: list[Atom] = []
    for atom in core:
        if isinstance(atom, str) and found and isinstance(found[-1], str):
            found[-1] += atom
        else:
            found.append(atom)
    return found


@given(st.lists(ATOMS, min_size=1).map(joined), st.booleans())
def test_a_model_that_changes_nothing_gives_the_core_back(core: list[Atom], show: bool) -> None:
    form = masked(core, show=show)
    text = "".join(atom if isinstance(atom, str) else "" for atom in core)
    if "X1" in text or "1" in text:  # `X1` and a digit are another name
        return
    read = form.read(form.text)
    assert read is not None
    assert [atom for atom in joined(list(read)) if atom != ""] == [atom for atom in core if atom != ""]
