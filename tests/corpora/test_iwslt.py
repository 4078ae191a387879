from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontarget.corpora.iwslt import read_segments, read_tagged
from ontarget.errors import UserError

TAGS = """<url>http://example.org/talks/1</url>
<keywords>talks, bread</keywords>
<speaker>A Baker</speaker>
<talkid>1</talkid>
<title>On bread</title>
<description>TED Talk Subtitles and Transcript: bread.</description>
 Good bread is slow.
<3 was what she wrote.
<reviewer href="http://example.org/1">B</reviewer>
<translator href="http://example.org/2">C</translator>
 R&D & salt.
"""

XML = """<?xml version="1.0" encoding="UTF-8"?>
<mteval>
<srcset setid="iwslt2017-tst2017" srclang="english">
<doc docid="1" genre="lectures">
<title>On bread</title>
<seg id="1"> Good  bread is slow. </seg>
<seg id="2"> R&D &amp; &lt;salt&gt; </seg>
</doc>
<doc docid="2" genre="lectures">
<seg id="1"> It is
 late. </seg>
</doc>
</srcset>
</mteval>
"""


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_training_text_is_all_but_the_lines_about_a_talk(tmp_path: Path) -> None:
    """A line that only begins with < is text: without it, all that follow have the wrong translation."""
    lines = read_tagged(written(tmp_path / "train.tags.en-it.en", TAGS))
    assert lines == ["Good bread is slow.", "<3 was what she wrote.", "R&D & salt."]


def test_training_text_without_text(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="has no segments"):
        read_tagged(written(tmp_path / "t", "<url>http://example.org</url>\n"))


def test_a_test_set_is_its_segments_in_order(tmp_path: Path) -> None:
    assert read_segments(written(tmp_path / "t.xml", XML)) == [
        "Good bread is slow.",
        "R&D & <salt>",
        "It is late.",
    ]


def test_a_missing_segment_is_seen(tmp_path: Path) -> None:
    broken = XML.replace('<seg id="1"> Good  bread is slow. </seg>\n', "")
    with pytest.raises(
        UserError, match=r"t\.xml' is damaged: it has segment 2 of a talk in place of segment 1"
    ):
        read_segments(written(tmp_path / "t.xml", broken))


@pytest.mark.parametrize("end", ["It is\n", "<mteval>"])
def test_a_test_set_that_is_cut_off(tmp_path: Path, end: str) -> None:
    with pytest.raises(UserError, match="has no complete"):
        read_segments(written(tmp_path / "t.xml", XML[: XML.index(end) + len(end)]))


def test_entities_reach_for_nothing(tmp_path: Path) -> None:
    secret = written(tmp_path / "secret", "secret")
    text = f'<!DOCTYPE a [<!ENTITY e SYSTEM "file://{secret}">]>\n<doc><seg id="1"> &e; </seg></doc>\n'
    assert read_segments(written(tmp_path / "t.xml", text)) == ["&e;"]


@given(lines=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="<&\r\n\ufeff"), min_size=1)))
def test_segments_come_back(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    path = tmp_path_factory.mktemp("x") / "t.xml"
    body = "".join(f'<seg id="{n}"> {line} </seg>\n' for n, line in enumerate(["a", *lines], start=1))
    read = read_segments(written(path, f"<doc>\n{body}</doc>\n"))
    assert read == ["a", *(" ".join(line.split()) for line in lines)]
