"""Translates segments with any function from texts to checked texts, so that no tag or placeholder is lost.

Three ways are tried in turn for a segment with tags or placeholders: with a short name in the place of each
(`masking.py`); with placeholders as they are; and at last piece by piece, which cannot lose any. A text that
is too long for the model is divided. Each way is one call for all segments that need it, in large batches.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeGuard

from ontarget.checked.verdict import Checked, Flag, Verdict
from ontarget.documents.dividing import Translate, combined, is_translation, translate_divided
from ontarget.documents.masking import masked
from ontarget.documents.parts import Tag
from ontarget.documents.segments import Atom, Fixed
from ontarget.placeholders import lost_numbers
from ontarget.scoring.language_id.text_words import words_of
from ontarget.text import in_one_line

Way = Literal["whole", "masked", "shown", "pieces", "left"]
"""How a segment was translated: as a text without tags and placeholders (`whole`), or see above. With `left`
it stays as it is, since the model gave no translation or invented a placeholder, or the translation of its
unit would change the markup of the document."""

Core = tuple[Atom, ...]

_LOST: tuple[Flag, ...] = ("placeholders_lost", "numbers_lost")
# Control characters that end no line, and the two that are no characters: YAML and XML cannot hold them.
_NOT_TEXT = re.compile(r"[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class TranslatedCore:
    """The translation of a core.

    Attributes:
        core: the new text, with all tags and placeholders of the old one.
        checked: source and translation as a reader sees them, with the verdict.
        way: how it was translated.
    """

    core: Core
    checked: Checked
    way: Way


def translate_cores(cores: Sequence[Core], translate: Translate) -> dict[Core, TranslatedCore]:
    """The translation of each core, which has a string with words; equal ones are translated once.

    An answer without words is not a translation, and neither is one with a new placeholder:
    such a text stays as it is. Control characters that only an answer has are dropped.
    """
    todo = list(dict.fromkeys(cores))
    found = _whole(todo, translate, show=False)
    shown = [core for core in todo if core not in found and any(isinstance(atom, Fixed) for atom in core)]
    found |= _whole(shown, translate, show=True)
    return found | _piecewise([core for core in todo if core not in found], translate)


def _whole(cores: Sequence[Core], translate: Translate, *, show: bool) -> dict[Core, TranslatedCore]:
    """The translations of whole cores, without those that lost a part."""
    found = dict[Core, TranslatedCore]()
    forms = [masked(core, show=show) for core in cores]
    for form, answer in zip(forms, _answers([form.text for form in forms], translate), strict=True):
        core = form.read(_unbroken(answer.text, form.text)) if answer.text.strip() else None
        if core is not None and not is_translation(as_text(form.core), as_text(core)):
            core = None
        if core is None and not any(isinstance(atom, Fixed | Tag) for atom in form.core):
            found[form.core] = _left(form.core, answer)  # there is no other way to ask for it
        elif core is not None:
            way: Way = "shown" if show else "masked" if form.names else "whole"
            found[form.core] = TranslatedCore(core, _seen(form.core, core, answer), way)
    return found


def _piecewise(cores: Sequence[Core], translate: Translate) -> dict[Core, TranslatedCore]:
    """The translations of the strings between tags and placeholders."""
    texts = list(dict.fromkeys(atom.strip() for core in cores for atom in core if _has_words(atom)))
    answers = dict(zip(texts, _answers(texts, translate), strict=True))
    found = dict[Core, TranslatedCore]()
    for core in cores:
        asked, new = list[Checked](), list[Atom]()
        for atom in core:
            if _has_words(atom):
                inner = atom.strip()
                asked.append(answers[inner])
                start = atom.index(inner)
                atom = atom[:start] + _kept(inner, answers[inner].text) + atom[start + len(inner) :]
            new.append(atom)
        answer = combined(asked)
        found[core] = (
            TranslatedCore(tuple(new), _seen(core, new, answer), "pieces")
            if any(is_translation(one.source, one.text) for one in asked)
            else _left(core, answer)
        )
    return found


def _answers(texts: Sequence[str], translate: Translate) -> list[Checked]:
    """The answers to texts, without characters that a document cannot hold unless its text has them."""
    return [
        replace(one, hypothesis=replace(one.hypothesis, text=_as_text_has(one.text, text)))
        for text, one in zip(texts, translate_divided(texts, translate), strict=True)
    ]


def _as_text_has(answer: str, text: str) -> str:
    return _NOT_TEXT.sub(lambda found: found[0] if found[0] in text else "", answer)


def _left(core: Core, answer: Checked) -> TranslatedCore:
    """A core that stays as it is, with the verdict on an answer without words, or else on the source."""
    seen = _seen(core, core, answer)
    given = is_translation(seen.source, answer.text)
    return TranslatedCore(core, of_source(seen) if given else seen, "left")


def of_source(answer: Checked) -> Checked:
    """The result for a text whose translation the document cannot hold, so that its source stays there."""
    verdict = Verdict("off_target", str(answer.direction.source), 1.0, "failed", {"echo": ()})
    return replace(answer, hypothesis=replace(answer.hypothesis, text=answer.source), verdict=verdict)


def _unbroken(text: str, source: str) -> str:
    """A translation in one line: an empty line within it would end a paragraph or a cue."""
    return text if text == source else in_one_line(text)


def _kept(source: str, text: str) -> str:
    """The translation of a piece; the piece itself if that has no words, or has a placeholder of its own."""
    text = _unbroken(text, source)
    return text if is_translation(source, text) and masked((source,)).read(text) is not None else source


def _has_words(atom: Atom) -> TypeGuard[str]:
    return isinstance(atom, str) and words_of(atom) != ""


def _seen(core: Sequence[Atom], new: Sequence[Atom], answer: Checked) -> Checked:
    """An answer with source and text as a reader sees them; what is lost is judged on them, not on names."""
    source, text = as_text(core), as_text(new)
    details = {flag: found for flag, found in answer.verdict.details.items() if flag not in _LOST}
    if numbers := lost_numbers(source, text):
        details["numbers_lost"] = tuple(numbers)
    verdict = replace(answer.verdict, details=details)
    return replace(answer, source=source, hypothesis=replace(answer.hypothesis, text=text), verdict=verdict)


def as_text(core: Sequence[Atom]) -> str:
    """A core without its tags, in one line."""
    return in_one_line(
        "".join(atom.text if isinstance(atom, Fixed) else atom for atom in core if not isinstance(atom, Tag))
    )
