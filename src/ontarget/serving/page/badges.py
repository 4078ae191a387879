"""What the page shows beside a sentence: its verdict in a word, and the reasons in sentences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ontarget.checked.verdict import Action, Flag, Verdict
from ontarget.errors import UserError
from ontarget.languages import Language

BadgeState = Literal["right", "repaired", "unsure", "wrong", "untranslated", "kept", "neutral"]

STATES: Mapping[BadgeState, str] = {
    "right": "right language",
    "repaired": "repaired",
    "unsure": "unsure",
    "wrong": "wrong language",
    "untranslated": "not translated",
    "kept": "kept",
    "neutral": "no words",
}
"""Each state in words, in the order in which the page counts them."""

_REPAIRS: Mapping[Action, tuple[str, str]] = {
    "reranked": (
        "re-ranked",
        "The most probable hypothesis of the beam was not in {}, so another one was taken.",
    ),
    "retried": ("sampled again", "The first translation was not in {}, so others were sampled."),
    "pivoted": (
        "via another language",
        "The first translation was not in {}, so it went through another language.",
    ),
    "escalated": ("by another model", "The first translation was not in {}, so another model translated."),
}
_UNTRANSLATED: Mapping[Flag, str] = {
    "empty": "The model gave no text; this is the source.",
    "no_words": "The model gave no words; this is the source.",
    "too_long": "The sentence is too long for the model; this is the source.",
}
_WARNINGS: Mapping[Flag, str] = {
    "cut_off": "The translation reached the maximum length and is cut off",
    "echo": "The translation is a copy of the source",
    "looping": "The translation repeats itself",
    "overlong": "The translation is much longer than the source",
    "too_short": "The translation is much shorter than the source",
    "commentary": "The model adds words about the translation",
    "source_words": "Words may be left in another language",
    "placeholders_lost": "A placeholder, tag or address is missing",
    "numbers_lost": "A number is missing",
}


@dataclass(frozen=True, slots=True)
class Badge:
    """A verdict in words.

    Attributes:
        state: the kind of the verdict.
        label: the verdict in one to four words.
        notes: the reasons, and what else may be wrong, one sentence each.
        warning: whether something else may be wrong.
    """

    state: BadgeState
    label: str
    notes: tuple[str, ...]
    warning: bool


def badge_of(verdict: Verdict, target: Language, terms: Sequence[tuple[str, str]] = ()) -> Badge:
    """The badge of a sentence.

    Args:
        verdict: the verdict on its translation.
        target: the requested language.
        terms: terms of the glossary whose translations are missing.
    """
    state = _state_of(verdict)
    label, reason = _words(state, verdict, target.name(), name_of(verdict.language))
    warnings = [
        f"{text}: {', '.join(evidence)}." if (evidence := verdict.details[flag]) else f"{text}."
        for flag, text in _WARNINGS.items()
        if flag in verdict.details
    ]
    warnings += [f"The glossary translates “{term}” as “{other}”." for term, other in terms]
    return Badge(state, label, (reason, *warnings), bool(warnings))


def name_of(label: str) -> str:
    """The name of an identified language, or `another language` if it has none."""
    try:
        return "another language" if label in ("", "und", "zxx") else Language(label).name()
    except UserError:  # a label of the identifier's own
        return label


def _state_of(verdict: Verdict) -> BadgeState:
    if _UNTRANSLATED.keys() & verdict.details.keys():
        return "untranslated"
    if verdict.outcome == "off_target":
        return "wrong"
    if "kept" in verdict.details:
        return "kept"
    if verdict.outcome == "on_target":
        return "repaired" if verdict.action in _REPAIRS else "right"
    return verdict.outcome


def _words(state: BadgeState, verdict: Verdict, wanted: str, found: str) -> tuple[str, str]:
    """Label and reason."""
    sure = f"{found} with a probability of {min(99, int(100 * verdict.confidence))} %"
    match state:
        case "right":
            return f"in {wanted}", f"The translation is identified as {sure}."
        case "repaired":
            label, reason = _REPAIRS[verdict.action]
            return label, f"{reason.format(wanted)} This one is identified as {sure}."
        case "unsure":
            return f"unsure: {found}?", f"The identifier takes it for {sure}, but it may well be {wanted}."
        case "wrong":
            tried = " All retries were in another language, too." if verdict.action == "failed" else ""
            return f"{found}, not {wanted}", f"The translation is identified as {sure}.{tried}"
        case "untranslated":
            return "not translated", next(
                text for flag, text in _UNTRANSLATED.items() if flag in verdict.details
            )
        case "kept":
            return f"already in {wanted}", f"The text is in {wanted} already, so it stays as it is."
        case "neutral":
            return "no words", "The text has no words of any language, so there is nothing to check."
