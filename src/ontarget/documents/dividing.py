"""Divides texts that are too long for the model, so that none is refused or cut off."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from ontarget.checked.flags import lacks_words
from ontarget.checked.verdict import Checked, Flag, better

Translate = Callable[[Sequence[str]], Sequence[Checked]]
"""Translates texts, and returns one checked translation for each, in order."""

# A text that was cut off is divided only if it is longer: the translation of a short one does not end.
_LONG = 200  # characters
# Places to divide, the best kind first: behind a sentence, behind a clause, between words.
_PLACES = [
    re.compile(r"(?<=[.!?…。！？])[\"'”’»)\]]*\s+|(?<=[。！？])"),
    re.compile(r"(?<=[,;:—–、，；：])\s+|(?<=[、，；：])"),
    re.compile(r"\s+"),
]


def translate_divided(texts: Sequence[str], translate: Translate) -> list[Checked]:
    """One translation for each text. A text that the model cannot translate whole is halved, again and again.

    A part without any place to divide keeps its verdict, such as the flag `too_long`, and has an empty text.
    """
    if not texts:
        return []
    results = list(translate(texts))
    halves = [
        (place, half)
        for place, (text, one) in enumerate(zip(texts, results, strict=True))
        if _is_cut(text, one) and (half := halved(text)) is not None
    ]
    parts = translate_divided(
        [part for _, (first, _, second) in halves for part in (first, second)], translate
    )
    for number, (place, (first, between, second)) in enumerate(halves):
        pair = parts[2 * number : 2 * number + 2]
        # A part without a translation stays as it is.
        text = between.join(
            one.text if is_translation(part, one.text) else part
            for one, part in zip(pair, (first, second), strict=True)
        )
        whole = combined(pair)
        results[place] = replace(
            whole, source=texts[place], hypothesis=replace(whole.hypothesis, text=text.strip())
        )
    return results


def is_translation(source: str, text: str) -> bool:
    """Whether a model gave a translation at all: not an empty one, and words if the source has some."""
    return bool(text.strip()) and not lacks_words(source, text)


def _is_cut(text: str, one: Checked) -> bool:
    return one.hypothesis.too_long or (one.hypothesis.finish_reason == "length" and len(text) > _LONG)


def halved(text: str) -> tuple[str, str, str] | None:
    """A text in two parts and the white space between them, divided near its middle; None for a single word.

    Two texts without white space, as in Chinese, are divided between sentences or clauses, or in the middle.
    """
    third = len(text) // 3
    for kind in _PLACES:
        found = [place for place in kind.finditer(text) if place.start() > 0 and place.end() < len(text)]
        if kind is not _PLACES[-1]:
            found = [place for place in found if third <= place.start() <= len(text) - third]
        if found:
            middle = min(found, key=lambda place: abs(place.start() + place.end() - len(text)))
            signs = len(middle[0]) - len(middle[0].lstrip("\"'”’»)]"))
            return text[: middle.start() + signs], middle[0][signs:], text[middle.end() :]
    if len(text) > _LONG:  # without white space, as in Chinese
        return text[: len(text) // 2], "", text[len(text) // 2 :]
    return None


def combined(parts: Sequence[Checked]) -> Checked:
    """The translations of the parts of a text as one: the worst verdict, and the flags of all of them."""
    worst = parts[0]
    details = dict[Flag, tuple[str, ...]]()
    for part in parts:
        if better(worst, part):
            worst = part
        for flag, evidence in part.verdict.details.items():
            details[flag] = details.get(flag, ()) + evidence
    hypothesis = replace(
        worst.hypothesis,
        text=" ".join(part.text for part in parts),
        log_probability=sum(part.hypothesis.log_probability for part in parts),
        tokens=sum(part.hypothesis.tokens for part in parts),
    )
    source = " ".join(part.source for part in parts)
    return replace(
        worst, source=source, hypothesis=hypothesis, verdict=replace(worst.verdict, details=details)
    )
