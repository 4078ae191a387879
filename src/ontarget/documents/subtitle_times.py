"""The lines of times in files of subtitles: those that can be read, and those that only look like it."""

import re

_PAIR = r"\d+(?:[ \t]*:[ \t]*\d+)"
_FRACTION = r"[ \t]*[,.][ \t]*\d+"
_TIME = rf"{_PAIR}{{1,3}}(?:{_FRACTION})?"
_WHOLE_TIME = rf"(?:{_PAIR}{{2,3}}(?:{_FRACTION})?|{_PAIR}{_FRACTION})"  # not the time of a day, `10:30`
_ARROW = r"[-–—=][-–—= \t]*>"
# Of WebVTT, of its drafts, and of SubRip. Other text behind the times would be lost with the line.
_SETTING = r"(?:vertical|line|position|size|align|region|[DALTS]|[XY][12])[ \t]*:[ \t]*\S+"

TIMES = (
    rf"[ \t]*(?:{_TIME}[ \t]*-->[ \t]*{_TIME}|{_WHOLE_TIME}[ \t]*{_ARROW}[ \t]*{_WHOLE_TIME})"
    rf"(?:[ \t]+{_SETTING})*[ \t]*(?![^\r\n])"
)
"""A pattern for a line of two times, also for those with hours, fractions or an arrow that the formats do not
have, but many tools write."""

_READ = re.compile(TIMES)
_NUMBER = re.compile(r"[ \t]*\d+[ \t]*")
_WITH_ARROW = re.compile(r"[ \t]*\d+[ \t]*:[ \t]*\d[^\r\n]*-->|[^\r\n]*-->[ \t]*\d+[ \t]*:")
_ONE = re.compile(rf"\W*{_WHOLE_TIME}\W*")
_CLOCK = re.compile(r"\d+[ \t]*[:;][ \t]*\d+")
_WORD = re.compile(r"[^\W\d_]{3}")
_LINE_END = re.compile(r"\r\n?|\n")
NOTES = re.compile(r"(?:NOTE|STYLE|REGION)(?!\S)")
"""How a block of WebVTT begins that has no cue."""


def unread_times(text: str, *, vtt: bool) -> tuple[int, str] | None:
    """The first line that seems to be meant as times, but is not; so what is below it would not be a cue.

    Args:
        text: the file.
        vtt: whether it is WebVTT, whose notes may have anything.
    Returns:
        The number of the line, and the line.
    """
    begins, in_note = True, False  # whether times may stand here: at the beginning of a block, below a number
    for number, line in enumerate(_LINE_END.split(text), start=1):
        if not line.strip():
            begins, in_note = True, False
            continue
        in_note = in_note or (vtt and begins and NOTES.match(line) is not None)
        if not in_note and not _READ.fullmatch(line) and _is_like_times(line, begins):
            return number, line.strip()
        begins = _NUMBER.fullmatch(line) is not None
    return None


def _is_like_times(line: str, begins: bool) -> bool:
    if _WITH_ARROW.match(line):
        return True
    only_times = _ONE.fullmatch(line) or len(_CLOCK.findall(line)) > 1
    return begins and bool(only_times) and _WORD.search(line) is None
