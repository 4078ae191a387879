import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontarget.documents.keep import Keep
from ontarget.documents.parts import Parts, Tag, parts_of
from ontarget.documents.segments import Fixed, Level, segments_of
from ontarget.languages import Language

EN = Language("en")
WORDS = [
    "Hello there",
    " ",
    "\n",
    "\r\n",
    ". ",
    "Mr. ",
    "! ",
    "{name}",
    "https://x.org/a.b",
    "`x.y`",
    "",
    "好。",
    "\xa0",
    "12",
    "%s",
]
PARTS = st.lists(
    st.one_of(
        st.sampled_from(WORDS),
        st.text(st.characters(exclude_categories=[])),
        st.builds(Tag, st.sampled_from(["<b>", "</b>", "\n"]), breaks=st.booleans()),
    )
).map(parts_of)


@given(PARTS, st.sampled_from(["sentence", "paragraph", "line"]), st.sampled_from(["en", "zh", "ar"]))
def test_segments_together_are_the_unit(parts: Parts, level: Level, language: str) -> None:
    segments = segments_of(parts, Language(language), level, Keep(["there", " +"]))
    assert parts_of(part for one in segments for part in one.filled(one.core)) == parts
    for one in segments:
        if one.core:
            assert not isinstance(one.core[0], Tag)
            assert not isinstance(one.core[-1], Tag)
            first, last = (atom for atom in (one.core[0], one.core[-1]))
            assert not isinstance(first, str) or not first[:1].isspace()
            assert not isinstance(last, str) or not last[-1:].isspace()


def cores(*parts: str | Tag, level: Level = "sentence", keep: Keep | None = None) -> list[list[str]]:
    found = segments_of(parts, EN, level, keep)
    shown = {Tag: lambda atom: atom.raw, Fixed: lambda atom: f"[{atom.text}]", str: str}
    return [[shown[type(atom)](atom) for atom in one.core] for one in found if one.core]


def test_sentences_and_what_is_around_them() -> None:
    text = "  Mr. Ash left. \n\nDid {name} see https://x.org/a.b. Yes!\t"
    assert cores(text) == [
        ["Mr. Ash left."],
        ["Did ", "[{name}]", " see ", "[https://x.org/a.b]", "."],
        ["Yes!"],
    ]
    segments = segments_of((text,), EN)
    assert next((one.before, one.after) for one in segments if one.core) == (("  ",), (" ",))


def test_levels() -> None:
    text = "One. Two\nthree.\nFour."
    assert cores(text) == [["One."], ["Two\nthree."], ["Four."]]
    assert cores(text, level="paragraph") == [[text]]
    assert cores(text, level="line") == [["One. Two"], ["three."], ["Four."]]


def test_tags_at_the_ends_stay_outside_and_a_break_ends_a_sentence() -> None:
    b, end, br = Tag("<b>"), Tag("</b>"), Tag("<br>", breaks=True)
    assert cores(b, "A dog", end) == [["A dog"]]
    assert cores("A ", b, "dog", end, br, "runs") == [["A ", "<b>", "dog"], ["runs"]]
    assert cores(b, "It ran. ", end, "It fell.") == [["It ran."], ["It fell."]]


@pytest.mark.parametrize("text", ["", " ", "12.5 %", "{x}", "https://x.org", "`code here`", "---", "H2O"])
def test_what_has_no_words_is_not_translated(text: str) -> None:
    assert cores(text) == []


def test_patterns_of_the_user_stay_as_they_are() -> None:
    assert cores("Buy ACME-Pro and {x} now", keep=Keep([r"ACME-\w+", r"\{x\} now"])) == [
        ["Buy ", "[ACME-Pro]", " and ", "[{x} now]"]
    ]
