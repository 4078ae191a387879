"""Flags: what may be wrong with a translation besides its language, found without a reference.

    empty              no text
    too_long           the source did not fit into the model's context; the text is empty
    no_words           the text has no word, but the source has: ". . . ."
    cut_off            generation stopped at the maximum number of tokens
    echo               the text is a copy of the source, as names and titles may rightly be
    looping            the text repeats itself, but the source does not
    overlong           more than three times as long as the source (and 20 letters)
    too_short          less than a third as long as the source (less 20 letters)
    commentary         words about the translation: "Here is the translation:", a note, a refusal
    source_words       words that are left in another language (`scoring/leftover.py`)
    placeholders_lost  placeholders, tags, URLs or code of the source are missing
    numbers_lost       numbers of the source above 12 are missing
    kept               the source is in the target language already, and was not translated

`checked.check` adds `source_words`, and the detection of the source language (`source.py`) adds `kept`.
"""

import re
from collections.abc import Sequence

from ontarget.checked.commentary import commentary_in
from ontarget.checked.verdict import Flag
from ontarget.languages import Direction
from ontarget.placeholders import lost_numbers, lost_placeholders
from ontarget.scoring.language_id.text_words import words_of
from ontarget.scoring.outcome import Thresholds, is_copy, width
from ontarget.scoring.repetition import GRAM, repetitive
from ontarget.text import is_empty
from ontarget.translation.hypothesis import Hypothesis

_LIMITS = Thresholds()  # as the strict off-target ratio has them
_SLACK = 20  # letters
_PERIOD = 6  # words of a piece that is repeated
_TIMES = 4  # a piece that occurs as often in a row is a loop
_WORD = re.compile(r"[^\s.,;:!?…\"'()]+")  # not \w: marks of Indian scripts are none
_SAME = 10  # times that one sign is repeated
_RULERS = frozenset(" .-_=*0123456789")  # long rows of them are usual
_HAS_DIGIT = re.compile(r"\d")


def flags_of(
    direction: Direction,
    sources: Sequence[str],
    hypotheses: Sequence[Hypothesis],
    neutral: Sequence[bool],
) -> list[dict[Flag, tuple[str, ...]]]:
    """The flags of each translation, with their evidence.

    Args:
        direction: the direction of all of them.
        sources: the texts that were translated.
        hypotheses: their translations.
        neutral: whether a translation has no word of any language, so that it may be a copy.
    """
    long = [one.text for one in hypotheses if len(one.text) >= 10 * GRAM]
    loops = repetitive(long, _LIMITS.repetition)
    return [
        _flags(direction, source, one, is_neutral, one.text in loops)
        for source, one, is_neutral in zip(sources, hypotheses, neutral, strict=True)
    ]


def _flags(
    direction: Direction, source: str, hypothesis: Hypothesis, neutral: bool, repeats: bool
) -> dict[Flag, tuple[str, ...]]:
    text = hypothesis.text
    if is_empty(text):
        return {"too_long": ()} if hypothesis.too_long else {"empty": ()}
    if neutral and lacks_words(source, text):
        return {"no_words": ()}
    found: dict[Flag, tuple[str, ...]] = {}
    if hypothesis.finish_reason == "length":
        found["cut_off"] = ()
    if not neutral and is_copy(text, source):
        found["echo"] = ()
        return found
    loop = loop_in(text)
    if (loop or repeats) and not (loop_in(source) or _repetitive(source)):
        found["looping"] = (loop,) if loop else ()
    length, length_of_source = width(text), width(source)
    if length > _LIMITS.length * (length_of_source + _SLACK):
        found["overlong"] = ()
    if length_of_source > _LIMITS.length * (length + _SLACK):
        found["too_short"] = ()
    if said := commentary_in(text, source, direction):
        found["commentary"] = (said,)
    if lost := lost_placeholders(source, text):
        found["placeholders_lost"] = tuple(lost)
    if _HAS_DIGIT.search(source) and (numbers := lost_numbers(source, text)):
        found["numbers_lost"] = tuple(numbers)
    return found


def lacks_words(source: str, text: str) -> bool:
    """Whether a text has no word although its source has, so that it cannot be a translation.

    Digits may be that of a source of up to 20 letters: a number in words.
    """
    if words_of(text) or not words_of(source):
        return False
    return width(source) > _SLACK or not _HAS_DIGIT.search(text)


def _repetitive(text: str) -> bool:
    """Whether a text of a hundred characters or more repeats itself."""
    return len(text) >= 10 * GRAM and bool(repetitive([text], _LIMITS.repetition))


def loop_in(text: str) -> str | None:
    """The piece that a text repeats four times in a row, or ten times if it is one sign; None without a loop.

    A piece has up to six words.
    """
    for sign in set(text[::_SAME]) - _RULERS:  # ten of a sign in a row hold a place that ten divides
        if sign * _SAME in text:
            return sign
    words = _WORD.findall(text.casefold())
    if len(words) - len(set(words)) < _TIMES - 1:  # quick: few texts repeat so many words
        return None
    for period in range(1, _PERIOD + 1):
        run = 0
        for place in range(period, len(words)):
            run = run + 1 if words[place] == words[place - period] else 0
            if run == period * (_TIMES - 1):
                return " ".join(words[place - period + 1 : place + 1])
    return None
