"""The files of IWSLT's TED talks: training text among tags, and test sets in what looks like XML."""

import html
import re
from pathlib import Path

from ontarget.corpora.plain import read_lines
from ontarget.errors import UserError

# Whole lines about a talk. Other lines that begin with < are text: dropping one of one language alone would
# put all that follow it beside the wrong translation.
_ABOUT = re.compile(
    r"\s*</?(?:url|speaker|talkid|title|description|keywords|reviewer|translator|transcript|doc|dsc)\b[^>]*>"
)
_SEGMENT = re.compile(r'<seg\s+id\s*=\s*"\s*(\d+)\s*"\s*>(.*?)</seg>', re.DOTALL)
_TALK = re.compile(r"<(?:doc|refdoc)\b", re.IGNORECASE)


def read_tagged(path: Path) -> list[str]:
    """The segments of `train.tags.en-it.en`: all lines but those that say something about a talk.

    Raises:
        UserError: the file cannot be read, or holds no segment.
    """
    lines = [line.strip() for line in read_lines(path) if not _ABOUT.match(line)]
    if not lines:
        raise UserError(f"'{path}' holds no segment between its tags; it may be cut off")
    return lines


def read_segments(path: Path) -> list[str]:
    """The segments of `IWSLT17.TED.tst2017.mltlng.en-it.en.xml`, in order.

    Blanks are made one, as sacreBLEU does. The files are read by their `<seg>` marks alone, since not all are
    well-formed; entities other than those of HTML are text, so nothing outside the file is ever looked at.

    Raises:
        UserError: the file cannot be read or holds no segment, or a segment of a talk is missing.
    """
    segments: list[str] = []
    for talk in _TALK.split("\n".join(read_lines(path))):
        for number, (identity, text) in enumerate(_SEGMENT.findall(talk), start=1):
            if int(identity) != number:
                raise UserError(
                    f"'{path}' has segment {identity} of a talk where segment {number} must stand; "
                    "it is damaged, fetch it again"
                )
            segments.append(" ".join(html.unescape(text).split()))
    if not segments or talk.count("<seg") != talk.count("</seg>"):
        raise UserError(f"'{path}' has no <seg id=\"1\"> ... </seg>, or is cut off in one")
    return segments
