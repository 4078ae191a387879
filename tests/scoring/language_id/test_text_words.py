from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontarget.scoring.language_id.text_words import words_of

NEUTRAL = [
    *("123", "3.14", "1,000,000", "12:30", "10 - 20", "+49 30 123456", "2019-05-03", "100 %", "€50", "$5.99"),
    *("5 km", "3.5 GB", "50m", "20 °C", "1,000 USD", "120 km/h", "2019年", "16時30分"),
    *("😀", "👍🏽 🎉", ":smile:", ":-)", "…", "—", "?!", "[[1]]", "(c)", "#1"),
    *("https://example.com/a?b=c#d", "http://пример.рф", "www.example.org", "example.com/path", "ftp://x.y"),
    *("me@example.org", "first.last+tag@mail.example.co.uk", "@user", "#tag", "@user #tag #другой"),
    *(
        "{x}",
        "{0}",
        "{{ user.name }}",
        "${HOME}",
        "%s",
        "%1$s",
        "%d",
        "%(name)s",
        "%USER%",
        "<b></b>",
        "<br/>",
    ),
    *("<br/>", "<|im_end|>", "<0xE2>", "&nbsp;", "&#8217;", "<!-- note -->"),
    *(
        "foo_bar",
        "__init__",
        "`git commit -m x`",
        "print('hello')",
        "foo()",
        "x = y;",
        "for (i = 0; i < n; i++) {",
    ),
    *(
        "--verbose",
        "C:\\Users\\me",
        "/usr/local/bin",
        "./run.sh",
        "report_2.pdf",
        "index.html",
        "Ctrl+C",
        "\\n",
    ),
    *("H2O", "A380", "v1.2.3", "RTX-3090", "A", "é", "C++", "a b c"),
]


@pytest.mark.parametrize("text", NEUTRAL)
def test_what_is_no_language_is_taken_out(text: str) -> None:
    assert words_of(text) == ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Un chat dort.", "un chat dort."),
        ("DER HUND SCHLÄFT", "der hund schläft"),
        ("İSTANBUL'DA YANGIN", "istanbul'da yangin"),  # no dot is left above the i
        ("Voir https://example.com/a, merci", "voir merci"),
        ("Hallo {name}, du hast %d Nachrichten", "hallo , du hast nachrichten"),
        ("<b>Hello</b> &amp; welcome", "hello welcome"),
        ("50 % der Leute", "der leute"),
        ("50 % d'un coup", "d'un coup"),
        ("15-jährige Frau", "-jährige frau"),
        ("2019年に東京で", "に東京で"),
        ("Mitarbeiter(innen) sind hier", "mitarbeiter(innen) sind hier"),
        ("(voir les produits du chapitre 5);", "(voir les produits du chapitre );"),
        ("und/oder", "und/oder"),
        ("Ende.Anfang", "ende.anfang"),
        ("R&D at AT&T", "r&d at at&t"),
        ("字", "字"),
        ("한", "한"),
        ("ไทย", "ไทย"),
        ("हिन्दी", "हिन्दी"),
        ("مَنْ", "مَنْ"),
        ("oui", "oui"),
        ("މިއީ ދިވެހި", "މިއީ ދިވެހި"),
        ("ᱥᱟᱱ", "ᱥᱟᱱ"),
        ("km", "km"),
    ],
)
def test_the_words_are_left(text: str, words: str) -> None:
    assert " ".join(words_of(text).split()) == words


@given(st.text(max_size=80))
def test_reading_twice_changes_nothing_of_importance(text: str) -> None:
    """What has words keeps some, and what was read is read again without loss of the words' letters."""
    words = words_of(text)
    assert words == "" or any(letter.isalnum() for letter in words)
    assert words == words.lower() or "\u0307" in text.lower()


@given(st.lists(st.sampled_from(NEUTRAL), min_size=1, max_size=3))
def test_a_sentence_keeps_its_words_in_such_company(marks: list[str]) -> None:
    sentence = "la boulangère ouvre sa boutique"
    assert sentence in words_of(f"{sentence} {' '.join(marks)}") or any("=" in mark for mark in marks)


@given(st.text(st.sampled_from("aé1ａＡﾞｶ１ㄱ가각ﬁé½İ \u0301\u0307\u11a8𝐀ﻷ")))
def test_composed_and_decomposed_text_has_the_same_words(text: str) -> None:
    assert words_of(normalize("NFD", text)) == words_of(normalize("NFC", text)) == words_of(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("tag <!-- a <b> --> x <!-- b <i> c <!-- d", "tag   x <!-- b   c <!-- d"),
        ("tag <b <!-- a --> c> d", "tag <b   c> d"),
        ("tag Foo-bar.com, foo.bar.py and Foo-x.y.md, a.-.b", "tag foo , foo.  and foo-x. , a.-.b"),
        ("tag a.b.py-c.com/x d.e.com.f.g", "tag    .f.g"),
        ("tag a.b(c) d.e(f) g; 1http://x 1.http://y", "tag a.b(c) d.e(f) g;  ://x  ."),
        ("tag a.b+c@d a@b.c+d@e.f", "tag a. @d"),
        ("tag a=b; c=d;  ", ""),
        ("tag a=b; c=d", "tag a=b; c=d"),
        ("tag f(a) b(c) {", ""),
        ("tag {a f(b)", "tag {a  "),
    ],
)
def test_what_is_removed_begins_where_it_can(text: str, words: str) -> None:
    assert words_of(text).split() == words.split()


UNITS = [
    "a.",
    "a",
    "_",
    "a-",
    "a+",
    "A-a.",
    "x.y.py.",
    "-.py.",
    "<!--",
    "<!--<b>",
    "=;",
    "= ;",
    "){",
    "0",
    "f(",
]


# A time that grew with the square of the length would take minutes.
@pytest.mark.parametrize("unit", [*UNITS, "a1", "1 ", "/a", "A1-", "{a", "a(b,", "&a", "<!--\n"])
@pytest.mark.parametrize("before", ["", "a://x @ % = # <img> {x} a_b x.com f() c+d --e /a/b :s: A1 "])
def test_a_long_text_takes_no_longer_for_each_of_its_characters(before: str, unit: str) -> None:
    text = before + unit * (50_000 // len(unit)) + " @ ("
    assert len(words_of(text)) <= len(text)
