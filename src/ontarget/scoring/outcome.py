"""What became of one segment: on target, or off it in which way."""

import re
from collections.abc import Collection
from dataclasses import dataclass, fields
from typing import Literal, get_args

from ontarget.languages import Language
from ontarget.scoring.language_id.identifier import Identifier, known_labels
from ontarget.scoring.language_id.labels import is_undetermined, labels_of
from ontarget.scoring.language_id.rules import Reading, Rules
from ontarget.scoring.language_id.scripts import has_letter_of, in_script, is_known, letters_of
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
"""What is not off-target: on target, without a word of any language, or not to be told from chance."""

_GRAM = 10  # characters: longer than what a language repeats by itself, shorter than most loops
_GRAMS = tuple(slice(n, n + _GRAM) for n in range(1000))  # of most texts; made once
_SLACK = 20  # letters that even a short answer may have
_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")
_FULL_WIDTH = r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From where on a segment is off-target by the strict definition.

    Attributes:
        confidence: an identifier less sure than this does not know. 0.3 is the language confusion
            benchmark's.
        repetition: the share of a text's runs of ten characters that it has said before; in a text of a
            hundred characters or more, more than this is a run-on.
        length: how many times as long as the source (and twenty letters, see `width`) is a run-on.
        script: the least share of letters in the script asked for; Chinese may be mostly a Latin name.
    """

    confidence: float = 0.3
    repetition: float = 0.6
    length: float = 3.0
    script: float = 0.1

    @property
    def signature(self) -> str:
        """All of them, as they stand in the signature of a score."""
        return "|".join(f"{field.name}:{getattr(self, field.name):g}" for field in fields(self))


class Ladder:
    """Says what became of a segment; the first rung that holds is its outcome.

    Empty, cut off, a copy of the source, a run-on, no word of any language, no language or a doubtful one;
    then the language: another than asked for, or the right one in another script. What is left is on target.

    Args:
        target: the language that was asked for.
        source: the language of the sources, where it is known.
        identifier: whose labels the guesses carry.
        thresholds: see there.
        rules: by which lines are read.
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
        # In any language, names may be written in Latin letters.
        letters = letters_of(target.scripts) | {"Latn"}
        self._letters = letters if rules == "robust" and target.scripts and is_known(letters) else None
        # Whoever asks for Traditional Chinese, or for Serbian in Latin letters, wants no other script.
        self._one_script = rules == "robust" and target.scripts != Language(target.primary).scripts
        self._thresholds = thresholds

    def is_off(self, reading: Reading, text: str) -> bool:
        """Whether a hypothesis is off-target: empty, in another language, or in a script not asked for.

        What is neutral or unsure is not. The paper's rules know neither, nor scripts.
        """
        if reading.doubt == "neutral":
            return False
        if reading.doubt is None and reading.guess.label not in self.on_target:
            return True
        return self._is_foreign(text)

    def _is_foreign(self, text: str) -> bool:
        """Whether a text is in no script of the language, or not in the one that was asked for."""
        if self._letters is not None and not has_letter_of(text, self._letters):
            return True
        return self._one_script and not in_script(text, self._scripts, self._thresholds.script)

    def outcome(
        self, reading: Reading, off: bool, text: str, source: str | None, finish: str | None
    ) -> Outcome:
        """The outcome of one hypothesis.

        Args:
            reading: what was read of `text`.
            off: whether it `is_off`.
            text: the hypothesis.
            source: what it translates, where that is known.
            finish: why the model stopped; `length` is cut off.
        """
        guess = reading.guess
        if is_empty(text):
            return "empty"
        if source is not None and is_copy(text, source):
            return "neutral" if reading.doubt == "neutral" else "copy"
        if finish == "length" or self._runs_on(text, source):
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

    def _runs_on(self, text: str, source: str | None) -> bool:
        if len(text) >= 10 * _GRAM and repeats(text, self._thresholds.repetition):
            return True
        return source is not None and width(text) > self._thresholds.length * (width(source) + _SLACK)


def is_copy(text: str, source: str) -> bool:
    """Whether two texts have the same letters and digits, whatever their case, blanks and punctuation."""
    if text == source:
        return True
    letters, of_source = (_NOT_ALPHANUMERIC.sub("", t).casefold() for t in (text, source))
    return letters == of_source if letters else text.strip() == source.strip()


def repetition(text: str) -> float:
    """The share of a text's runs of ten characters that it has said before: near 1 for a loop."""
    runs = len(text) - _GRAM + 1
    return 1 - _distinct(text, runs) / runs if runs > 0 else 0.0


def repeats(text: str, share: float) -> bool:
    """Whether `repetition` is above a share: in less than half the time, as few texts repeat themselves."""
    runs = len(text) - _GRAM + 1
    first = min(runs, int(1.05 * (1 - share) * runs) + 1)  # settle it, if nearly all of them are distinct
    return runs > 0 and 1 - _distinct(text, first) / runs > share and repetition(text) > share


def _distinct(text: str, runs: int) -> int:
    places = _GRAMS[:runs] if runs <= len(_GRAMS) else (slice(n, n + _GRAM) for n in range(runs))
    return len(set(map(text.__getitem__, places)))


def width(text: str) -> int:
    """The length of a text in letters; a Chinese, Japanese or Korean character is as long as three."""
    return len(text) + 2 * len(re.findall(_FULL_WIDTH, text))
