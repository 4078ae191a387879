"""The outcome of one hypothesis: on target, or the way in which it is off-target."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from typing import Literal, get_args

from ontarget.languages import Language
from ontarget.scoring.language_id.identifier import Identifier, known_labels
from ontarget.scoring.language_id.labels import is_undetermined, labels_of
from ontarget.scoring.language_id.rules import Reading, Rules
from ontarget.scoring.language_id.scripts import has_letter_of, in_script, is_known, letters_of
from ontarget.scoring.repetition import GRAM, repetitive
from ontarget.text import is_empty

Outcome = Literal[
    "on",
    "mixed",
    "neutral",
    "unsure",
    "source",
    "english",
    "other",
    "unknown",
    "empty",
    "copy",
    "run-on",
    "script",
]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
NOT_OFF: frozenset[Outcome] = frozenset({"on", "neutral", "unsure"})
"""Outcomes that are not off-target: on target, without a word of any language, or too uncertain."""

_SLACK = 20  # letters that even the translation of a short source may have
_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")
_FULL_WIDTH = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The limits beyond which the strict definition counts a segment as off-target.

    Attributes:
        confidence: minimum probability of a guess; below it, the language is unknown. 0.3 is the value of
            the language confusion benchmark.
        repetition: maximum share of ten-character sequences that occur earlier in the same text. A text of a
            hundred characters or more that exceeds it is a run-on.
        length: maximum length as a multiple of the source's length plus twenty letters (see `width`); a
            longer text is a run-on.
        script: minimum share of letters in the target language's script; a Chinese text may consist mostly of
            a Latin name.
    """

    confidence: float = 0.3
    repetition: float = 0.6
    length: float = 3.0
    script: float = 0.1

    @property
    def signature(self) -> str:
        """All thresholds, as the signature of a score lists them."""
        return "|".join(f"{field.name}:{getattr(self, field.name):g}" for field in fields(self))


class Ladder:
    """Determines the outcome of a hypothesis: the first condition that holds, in a fixed order.

    The conditions, in order: empty; a copy of the source; cut off or a run-on; without a word of any
    language; of unknown or uncertain language; in another language; in the target language but in another
    script. All other hypotheses are on target.

    Args:
        target: the target language.
        source: the language of the sources, if known.
        identifier: the identifier whose labels the guesses carry.
        thresholds: the limits of the strict definition.
        rules: the rules by which lines are read, see `rules.read`.
    """

    def __init__(
        self,
        target: Language,
        source: Language | None,
        identifier: Identifier,
        thresholds: Thresholds,
        rules: Rules,
    ) -> None:
        self.on_target = known_labels(target, identifier)
        self._source = (labels_of(source, identifier.labels) if source else frozenset()) - self.on_target
        self._english = labels_of(Language("en"), identifier.labels)
        self._scripts: Collection[str] = target.scripts
        # Names may be written in Latin letters in any language.
        letters = letters_of(target.scripts) | {"Latn"}
        self._letters = letters if rules == "robust" and target.scripts and is_known(letters) else None
        # If the target is Traditional Chinese, or Serbian in Latin letters, no other script will do.
        self._one_script = rules == "robust" and target.scripts != Language(target.primary).scripts
        self._thresholds = thresholds

    def is_off(self, reading: Reading, text: str) -> bool:
        """Whether a hypothesis is off-target: empty, in another language, or in another script.

        Neutral and unsure hypotheses are not off-target. The paper's rules have neither, and ignore scripts.
        """
        if reading.doubt == "neutral":
            return False
        if reading.doubt is None and reading.guess.label not in self.on_target:
            return True
        return self._is_foreign(text)

    def _is_foreign(self, text: str) -> bool:
        """Whether a text is in none of the language's scripts, or not in the one that the target names."""
        if self._letters is not None and not has_letter_of(text, self._letters):
            return True
        return self._one_script and not in_script(text, self._scripts, self._thresholds.script)

    def loops(self, texts: Sequence[str]) -> Collection[str]:
        """The texts that repeat themselves too much; those of less than a hundred characters may."""
        long = [text for text in texts if len(text) >= 10 * GRAM]
        return repetitive(long, self._thresholds.repetition)

    def outcome(
        self,
        reading: Reading,
        off: bool,
        text: str,
        source: str | None,
        finish: str | None,
        loops: Collection[str],
    ) -> Outcome:
        """The outcome of one hypothesis.

        Args:
            reading: the identifier's reading of `text`.
            off: the result of `is_off`.
            text: the hypothesis.
            source: the source, if known.
            finish: why the model stopped, if known; `length` means that the hypothesis was cut off.
            loops: the result of `loops` for some texts, this one among them.
        """
        guess = reading.guess
        if is_empty(text):
            return "empty"
        if source is not None and is_copy(text, source):
            return "neutral" if reading.doubt == "neutral" else "copy"
        if finish == "length" or text in loops or self._is_too_long(text, source):
            return "run-on"
        if reading.doubt == "neutral":
            return "neutral"
        if is_undetermined(guess.label) or guess.probability < self._thresholds.confidence:
            return "unknown"
        if reading.doubt == "unsure" and not off:
            return "unsure"
        if guess.label not in self.on_target:
            return self._elsewhere(guess.label)
        return "script" if off or not in_script(text, self._scripts, self._thresholds.script) else "on"

    def _elsewhere(self, label: str) -> Outcome:
        if label in self._source:
            return "source"
        return "english" if label in self._english else "other"

    def _is_too_long(self, text: str, source: str | None) -> bool:
        return source is not None and width(text) > self._thresholds.length * (width(source) + _SLACK)


def is_copy(text: str, source: str) -> bool:
    """Whether two texts have the same letters and digits, ignoring case, blanks and punctuation."""
    if text == source:
        return True
    if text[:1].isalnum() and source[:1].isalnum() and text[0].casefold()[0] != source[0].casefold()[0]:
        return False  # quick: few translations begin with the letter of their source
    letters, of_source = (_NOT_ALPHANUMERIC.sub("", t).casefold() for t in (text, source))
    return letters == of_source if letters else text.strip() == source.strip()


def width(text: str) -> int:
    """The length of a text in letters; a Chinese, Japanese or Korean character counts as three."""
    return len(text) if text.isascii() else len(text) + 2 * len(_FULL_WIDTH.findall(text))
