"""Reads the files of IWSLT's TED talks: training text between tags, and test sets in near-XML."""

import html
import re
from pathlib import Path

from ontarget.corpora.plain import read_lines
from ontarget.errors import UserError

# Whole lines about a talk. Other lines that begin with < are text: dropping such a line in one language would
# misalign all lines after it.
_ABOUT = re.compile(
    r"\s*</?(?:url|speaker|talkid|title|description|keywords|reviewer|translator|transcript|doc|dsc)\b[^>]*>"
)
_SEGMENT = re.compile(r'<seg\s+id\s*=\s*"\s*(\d+)\s*"\s*>(.*?)</seg>', re.DOTALL)
_TALK = re.compile(r"<(?:doc|refdoc)\b", re.IGNORECASE)


def read_tagged(path: Path) -> list[str]:
    """The segments of `train.tags.en-it.en`: all lines except the tags about talks.

    Raises:
        UserError: the file cannot be read, or has no segments.
    """
    lines = [line.strip() for line in read_lines(path) if not _ABOUT.match(line)]
    if not lines:
        raise UserError(
            f"'{path}' has no segments between its tags; it may be truncated, so download it again"
        )
    return lines


def read_segments(path: Path) -> list[str]:
    """The segments of `IWSLT17.TED.tst2017.mltlng.en-it.en.xml`, in order.

    Blanks are collapsed, as in sacreBLEU. Only the `<seg>` tags are parsed, since not all files are
    well-formed. Entities other than HTML's are text, so nothing outside the file is ever read.

    Raises:
        UserError: the file cannot be read or has no segments, or a segment of a talk is missing.
    """
    segments: list[str] = []
    for talk in _TALK.split("\n".join(read_lines(path))):
        for number, (identity, text) in enumerate(_SEGMENT.findall(talk), start=1):
            if int(identity) != number:
                raise UserError(
                    f"'{path}' is damaged: it has segment {identity} of a talk in place of segment {number}; "
                    "download it again"
                )
            segments.append(" ".join(html.unescape(text).split()))
    if not segments or talk.count("<seg") != talk.count("</seg>"):
        raise UserError(f"'{path}' has no complete <seg id=\"1\"> ... </seg>; download it again")
    return segments
