import re
from pathlib import Path
from typing import Any

import pytest
from tests.documents.answers import Model, same, upper

from ontarget.documents.document import translate_document
from ontarget.documents.subtitles import read_subtitles
from ontarget.errors import UserError
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


@pytest.mark.parametrize(
    "times",
    [
        "00:00:01,000 --> 00:00:02",
        "00:00:01 --> 00:00:02",
        "00:00:01,000 -> 00:00:02,000",
        "00:00:01.000 --> 00:00:02.000",
        "00:00:01:000 --> 00:00:02:000",
        "0:01 --> 0:02",
        "00: 00: 01, 000 -- > 00: 00: 02, 000",
        "00:01.000 --> 00:02",
        "00:00:01,000 --> 00:00:02,000  X1:100 X2:200 Y1:10 Y2:20",
        "00:01.000 --> 00:02.000 align: start position:10%,line-left",
    ],
)
def test_times_are_read_in_the_ways_that_tools_write_them(times: str) -> None:
    text = f"1\n{times}\nHello\n2\n{times}\nBye\n"
    assert translated(text, "a.srt", upper) == text.replace("Hello", "HELLO").replace("Bye", "BYE")
    text = f"WEBVTT\n\n{times}\nHello\n\nend\n{times}\nBye\n"
    assert translated(text, "a.vtt", upper) == text.replace("Hello", "HELLO").replace("Bye", "BYE")


@pytest.mark.parametrize(
    "times",
    [
        "00:00:03,000 00:00:04,000",
        "00:00:03,000 --> oops",
        "00:00:03,000 --> 00:00:04,000 Text in the wrong place",
        "oops --> 00:00:04,000",
        "00;00;03;00 --> 00;00;04;00",
        "0:00:03.000,0:00:04.000",
        "[00:00:03]",
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_line_of_times_that_cannot_be_read_is_named(times: str, end: str) -> None:
    for head, between, line in (("", "\n2\n", 6), ("WEBVTT\n\n", "\n", 7)):
        text = f"{head}00:00:01,000 --> 00:00:02,000\nHello\n\n{between}{times}\nBye\n".replace("\n", end)
        with pytest.raises(UserError, match=rf"^'a', line {line}: '.*' is not a line of times; expected "):
            read_subtitles(text.encode(), Path("a"))


def test_times_within_the_text_of_a_cue_stay_its_text() -> None:
    said = "07:30:00\n10:30 -> 11:30\nopen from 10:30 --> on Mondays\n12:00 to 13:00\n"
    text = f"1\n00:00:01,000 --> 00:00:02,000\n{said}"
    document = read_subtitles(text.encode(), Path("a.srt"))
    assert [unit.where for unit in document.units] == ["cue 1"]


def test_text_behind_an_empty_line_is_text_of_its_cue() -> None:
    text = f"{SRT}\nStill the same cue\n\n4\n00:00:07,000 --> 00:00:08,000\nBye\n\n\nThe end\n"
    document = read_subtitles(text.encode(), Path("a.srt"))
    assert [unit.where for unit in document.units] == ["cue 1", "cue 3", "line 15", "cue 4", "line 22"]
    found = translated(text, "a.srt", upper)
    assert found.endswith("\nSTILL THE SAME CUE\n\n4\n00:00:07,000 --> 00:00:08,000\nBYE\n\n\nTHE END\n")


def test_the_head_notes_and_names_of_cues_are_not_text() -> None:
    text = (
        "WEBVTT\n\nKind: captions\n\nNOTE\nat 00:00:01.000 00:00:02.000\n\n"
        f"{VTT[VTT.index('intro') :]}\nThe same cue\n\nNOTE that is all\n\nend\n00:09.000 --> 00:10.000\n"
    )
    assert translated(text, "a.vtt", upper).endswith(
        "\nTHE SAME CUE\n\nNOTE that is all\n\nend\n00:09.000 --> 00:10.000\n"
    )
    assert "\nKind: captions\n\nNOTE\nat 00:00:01.000 00:00:02.000\n\nintro\n" in translated(
        text, "a.vtt", upper
    )


@pytest.mark.parametrize("text", ["Only text.\n", "{1}{25}A frame\n"])
def test_a_file_without_cues_is_an_error(text: str) -> None:
    with pytest.raises(UserError, match=r"'a.srt' has no subtitles; expected lines such as 00:00:01,000 -->"):
        read_subtitles(text.encode(), Path("a.srt"))


@pytest.mark.parametrize(
    ("text", "written"), [("note this", " NOTE THIS"), (" STYLE", " STYLE"), ("some words", "SOME WORDS")]
)
def test_text_behind_an_empty_line_does_not_become_a_note(text: str, written: str) -> None:
    head = "WEBVTT\n\n00:01.000 --> 00:02.000\n\n"
    found = translated(f"{head}{text}\n", "a.vtt", upper)
    assert found == f"{head}{written}\n"
    assert len(read_subtitles(found.encode(), Path("a.vtt")).units) == 1
