import re
from pathlib import Path
from typing import Any

import pytest
from tests.documents.answers import Model, same, upper

from ontarget.documents.document import translate_document
from ontarget.documents.subtitles import read_subtitles
from ontarget.languages import Language

SRT = """\
1
00:00:01,000 --> 00:00:02,000
<i>Hello there,
how are you?</i>

2
00:00:03,000 --> 00:00:04,000


3
00:00:05,000 --> 00:00:06,000
- Who is it?
- {\\an8}It is me.
"""
VTT = """\
WEBVTT - A title

NOTE this is a note

STYLE
::cue { color: red }

intro
00:01.000 --> 00:02.000 align:start
<v Anna>Hello &amp; welcome.

00:05.000 --> 00:06.000
Two lines of text that are
rather long to be sure.
"""


def translated(text: str, name: str, model: Any) -> str:
    document = read_subtitles(text.encode(), Path(name))
    return translate_document(document, Model(model), Language("en")).data.decode()


def test_times_numbers_and_empty_cues_stay() -> None:
    assert translated(SRT, "a.srt", same) == SRT
    shouted = SRT.replace("Hello there,\nhow are you", "HELLO THERE, HOW\nARE YOU")
    shouted = shouted.replace("Who is it", "WHO IS IT").replace("It is me", "IT IS ME")
    assert translated(SRT, "a.srt", upper) == shouted
    crlf = SRT.replace("\n", "\r\n")
    assert translated(crlf, "a.srt", upper) == shouted.replace("\n", "\r\n")


def test_notes_styles_and_voices_stay() -> None:
    assert translated(VTT, "a.vtt", same) == VTT
    found = translated(VTT, "a.vtt", upper)
    assert found == VTT.replace("Hello &amp; welcome", "HELLO &amp; WELCOME").replace(
        VTT[VTT.index("Two") :], VTT[VTT.index("Two") :].upper()
    )


def test_a_cue_has_as_many_lines_as_before() -> None:
    cue = "1\n00:00:01,000 --> 00:00:02,000\nTwo lines of text that are\nrather long to be sure.\n"
    words = "dies sind zwei ziemlich lange zeilen von text in einem untertitel"
    found = translated(cue, "a.srt", lambda text: words).split("\n")[2:]
    assert found == ["dies sind zwei ziemlich lange", "zeilen von text in einem untertitel", ""]
    one = "1\n00:00:01,000 --> 00:00:02,000\nOne line.\n"
    assert translated(one, "a.srt", lambda text: words).split("\n")[2:] == [words, ""]


def test_the_dash_of_a_speaker_is_not_given_to_the_model() -> None:
    text = (
        "1\n00:00:01,000 --> 00:00:02,000\n- Who is it?\n-It is me.\n<i>– A dog.</i>\n{\\an8}— 5 cats\n\n"
        "2\n00:00:03,000 --> 00:00:04,000\n<b>-</b> Hello\n\n"
        "3\n00:00:05,000 --> 00:00:06,000\nIt is about\n-5 degrees at home\n"
    )
    model = Model(upper)
    found = translate_document(read_subtitles(text.encode(), Path("a.srt")), model, Language("en"))
    assert model.asked == [
        "Who is it?",
        "It is me.",
        "A dog.",
        "5 cats",
        "Hello",
        "It is about\n-5 degrees at home",
    ]
    shouted = text.upper().replace("I>", "i>").replace("B>", "b>").replace("\\AN8", "\\an8")
    assert found.data.decode() == shouted.replace("ABOUT\n-5 DEGREES", "ABOUT -5\nDEGREES")


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_a_cue_ends_where_the_next_one_begins_without_an_empty_line(newline: str) -> None:
    text = (
        "1\n00:00:01,000 --> 00:00:02,000\nHello my friend\nof 7\n"
        "2\n00:00:03,000 --> 00:00:04,000\n5\n00:00:05,000 --> 00:00:06,000\nBye my friend\n7\n"
        "00:00:07,000 --> 00:00:08,000\n- A dog\n- A cat"
    ).replace("\n", newline)
    document = read_subtitles(text.encode(), Path("a.srt"))
    assert len(document.units) == 3
    found = translated(text, "a.srt", upper)
    assert found == re.sub("[a-z]", lambda letter: letter[0].upper(), text).replace(
        f"MY FRIEND{newline}OF", "MY FRIEND OF"
    )


def test_a_translation_cannot_end_a_cue_or_add_a_time() -> None:
    found = translated(VTT, "a.vtt", lambda text: "a\n\n00:07.000 --> 00:08.000\n<b>")
    assert found.count("-->") == VTT.count("-->")
    assert "<b>" not in found
