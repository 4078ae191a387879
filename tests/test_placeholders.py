import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontarget.placeholders import lost_numbers, lost_placeholders, placeholders
from ontarget.scoring.language_id.text_words import words_of

KEPT = [
    "{x}",
    "{{x}}",
    "{{ name.first }}",
    "${HOME}",
    "%{count}",
    "{0:%Y}",
    "%1$s",
    "%(name)s",
    "%d",
    "%.2f",
    "%%",
    "%PATH%",
    "$HOME",
    "<b>",
    "</b>",
    '<a href="https://x.org/?a=1">',
    "<br/>",
    "<0x0A>",
    "&nbsp;",
    "https://x.org/a?b=c#d",
    "www.x.org/a",
    "anna.b@mail.example.org",
    "@anna",
    "`rm -r x`",
    "{n, plural, one {# file} other {# files}}",
]


OF_MESSAGES = [
    "{price, number, ::currency/USD}",
    "{d, date, short}",
    "{{{raw}}}",
    "{% if user.name %}",
    "<%= user.name %>",
    "<0>",
    "</12>",
    "<1/>",
    "@:common.key",
    "@:(common.key)",
    "%,d",
    "%zu",
    "%1$,.2f",
    "%hd",
    "[X6X]",
]


@pytest.mark.parametrize("part", [*KEPT, *OF_MESSAGES])
@pytest.mark.parametrize(
    "around", [("Open ", " now."), ("", ""), ("打开", "吧"), ("(", ")"), ("Voyez ", ".")]
)
def test_every_kind_is_found_wherever_it_is(part: str, around: tuple[str, str]) -> None:
    if around[0] == "打开" and part.startswith(("https:", "www.")):
        around = ("打开", "，吧")  # a URL may have Chinese characters
    text = part.join(around)
    assert [text[found.start : found.end] for found in placeholders(text)] == [part]
    assert [found.text for found in placeholders(text)] == [part]


def test_variables_with_a_colon() -> None:
    found = placeholders("Hi :name (:count of :total/:max) :smile: at 10:30, see:this, a:b, x: y, :p, 打:开")
    assert [part.text for part in found] == [":name", ":count", ":total", ":max", ":smile:"]


@pytest.mark.parametrize(
    "text",
    [
        "50%,d'autres; 5% du tout; 3 < 4 > 2; <3 you; Ja :) Nein :D",
        "That costs $5, or 50% of 10 % now.",
        "a < b and b > c",
        "Tom & Jerry; me @ home",
        "50%discount",
        "It's {not one}",
        "US$ and R$",
        "",
    ],
)
def test_prose_has_none(text: str) -> None:
    assert placeholders(text) == []


TEXTS = st.lists(
    st.sampled_from([*KEPT, *OF_MESSAGES, ":name", "word", "ö", "見", " ", ". ", "(", ")", "\n"])
).map("".join)


@given(TEXTS)
def test_placeholders_are_in_order_and_do_not_overlap(text: str) -> None:
    end = 0
    for found in placeholders(text):
        assert end <= found.start < found.end
        assert text[found.start : found.end] == found.text
        end = found.end


@pytest.mark.parametrize("part", [part for part in KEPT if part[0] not in "$" and part[:2] != "%%"])
def test_the_identifier_of_languages_ignores_what_must_be_kept(part: str) -> None:
    if part.startswith(("{n", "{{ ")) or part == "{ x }":
        return  # its words are in a language
    assert words_of(part) == ""


@pytest.mark.parametrize(
    ("source", "hypothesis", "lost"),
    [
        ("Hello {name}", "Ciao {name}", []),
        ("Hello {name}", "Ciao {nome}", ["{name}"]),
        ("{x} and {x}", "{x}", ["{x}"]),
        ("{x} and {{x}}", "{{x}}", ["{x}"]),
        ("{x} and {{x}}", "{{x}} e {x}", []),
        ("%s of %s", "%sの%s", []),
        ("See https://x.org.", "Siehe https://x.org!", []),
        ("See https://x.org.", "Siehe https://y.org!", ["https://x.org"]),
        ("no placeholder", "{y}", []),
        ("in %s", "%sda", []),
    ],
)
def test_lost_placeholders(source: str, hypothesis: str, lost: list[str]) -> None:
    assert lost_placeholders(source, hypothesis) == lost


@pytest.mark.parametrize(
    ("source", "hypothesis", "lost"),
    [
        ("in 1984", "im Jahr 1984", []),
        ("in 1984", "im Jahr 1948", ["1984"]),
        ("1,234.5 kg", "1.234,5 kg", []),
        ("10 000 people", "10.000 Menschen", []),
        ("in 2019 300 people", "2019 waren es 300", []),
        ("at 10:45", "um 10.45 Uhr", []),
        ("three dogs, 2 cats, 12 birds", "drei Hunde", []),
        ("13 dogs", "Hunde", ["13"]),
        ("٣٠ يوما", "30 days", []),
        ("{0} of %20$s and `99`", "no", []),
        ("the 21st", "der 21.", []),
        ("½ and ² of 40", "40", []),
        ("none", "20", []),
        ("0012 and 0013", "no", ["0013"]),
        ("9" * 5000, "9" * 5000, []),
        ("9" * 5000, "9" * 4000, ["9" * 5000]),
    ],
)
def test_lost_numbers(source: str, hypothesis: str, lost: list[str]) -> None:
    assert lost_numbers(source, hypothesis) == lost


@given(st.one_of(st.text(), TEXTS))
def test_a_text_keeps_all_of_its_own_parts(text: str) -> None:
    assert lost_placeholders(text, text) == lost_numbers(text, text) == []


def test_beginnings_of_comments_without_an_end_are_text() -> None:
    """They took a time that grew with the square of their number."""
    assert placeholders("<!--" * 100_000) == []
    assert [one.text for one in placeholders("<!-- " * 1000 + "a -->")] == ["<!-- a -->"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a www.x.org/b", ["www.x.org/b"]),
        ("1.http://x.org", ["http://x.org"]),
        ("a.b+www.x.org", ["www.x.org"]),
        ("a+www.x@y.org", ["a+www.x@y.org"]),
        ("www.x@y.org", ["www.x@y.org"]),
        ("a.www.b://c", ["a.www.b://c"]),
        ("%%a.b@c.org+d@e.org", ["%%", "a.b@c.org", "+d@e.org"]),
        ("www.", []),
        ("a.b.c", []),
        ("11://x %0-05d", ["%0-05d"]),
    ],
)
def test_urls_and_addresses_begin_in_the_midst_of_words(text: str, found: list[str]) -> None:
    assert [one.text for one in placeholders(f"{text} %%")] == [*found, "%%"]


# A time that grew with the square of the length would take minutes.
@pytest.mark.parametrize("unit", ["a.", "a", "_", "1.", "+", "0af3", "0", "a.1", "www.", "<!--", "!", "{a,"])
@pytest.mark.parametrize(("before", "after"), [("<img> ", ""), ("%", "!"), ("@ http://x", "x"), ("{", " @")])
def test_a_long_text_takes_no_longer_for_each_of_its_characters(unit: str, before: str, after: str) -> None:
    text = before + unit * (100_000 // len(unit)) + after
    assert all(text[one.start : one.end] == one.text for one in placeholders(text))
