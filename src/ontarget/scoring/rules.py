"""How a line is read before its language counts: what the identifier is asked, and when its answer is none.

The paper asks the identifier for the whole line as it stands, and takes its best guess. That holds for clean
sentences. Of other text an identifier that learnt from them is wrong in ways that say nothing of a
translation: capitals, URLs, numbers, and lines so short that it can only guess.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from ontarget.scoring.labels import UNDETERMINED, is_undetermined
from ontarget.scoring.language_id import Chance, Guess, Identifier, chance_of
from ontarget.scoring.scripts import SCRIPT_OF_FEW, script_counts
from ontarget.scoring.text_words import words_of
from ontarget.subtags import usual_script
from ontarget.text import is_empty

_NEUTRAL = Guess("zxx", 1.0)  # BCP 47: no linguistic content
_Labels = Mapping[str, Sequence[str]]  # script -> an identifier's labels of the languages written in it

# Scripts of many languages, in which more is to be told apart than an identifier knows.
_SHARED = {"Latn", "Cyrl", "Arab", "Deva", "Beng", "Hans", "Hant"}
_HAN_LINE = 10  # Chinese characters: fewer of them without kana may be a Japanese name or heading, too

Rules = Literal["robust", "paper"]
"""`robust`: those of this project, see `read`. `paper`: the identifier's best guess of a line as it is."""


def signature_of(rules: Rules, identifier: Identifier) -> str:
    """What stands in the signature of a score for the rules that it was counted by."""
    if rules == "paper":
        return "case:mixed|norm:none"
    return f"case:lower|text:words|script:decides|unsure:{chance_of(identifier).signature}"


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read of one line.

    Attributes:
        guess: the identifier's.
        doubt: `neutral` if the line has no word of any language, `unsure` if the guess is no better than
            chance; None: the guess counts.
    """

    guess: Guess
    doubt: Literal["neutral", "unsure"] | None = None


def read(texts: Sequence[str], identifier: Identifier, rules: Rules = "robust") -> list[Reading]:
    """Reads lines.

    By the paper's rules the identifier's guess of the whole line counts, however sure it is. By ours:

    1. The identifier reads a line in lower case and without what is not language (`text_words.words_of`); a
       line without a word is neutral.
    2. A script that one language alone is written in decides; without kana nothing is Japanese.
    3. A guess that is no better than chance is unsure (`language_id.Chance`).

    Args:
        texts: one hypothesis each.
        identifier: asked for what is left of each line.
        rules: whose.
    """
    if rules == "paper":
        return [Reading(guess) for guess in identifier.identify(texts)]
    words = [words_of(text) for text in texts]
    guesses = identifier.identify(words)
    chance, of_script = chance_of(identifier), _labels_by_script(frozenset(identifier.labels))
    return [
        _reading(text, line, guess, chance, of_script)
        for text, line, guess in zip(texts, words, guesses, strict=True)
    ]


def _reading(text: str, words: str, guess: Guess, chance: Chance, of_script: _Labels) -> Reading:
    if not words:
        return Reading(guess) if is_empty(text) else Reading(_NEUTRAL, "neutral")
    if SCRIPT_OF_FEW.search(words):
        guess = _by_script(words, guess, of_script)
    if is_undetermined(guess.label):
        return Reading(guess, "unsure")
    if guess.probability < chance.highest and guess.probability < chance.of(letters(words)):
        return Reading(guess, "unsure")
    return Reading(guess)


def letters(words: str) -> int:
    """The letters of a line; a Chinese, Japanese or Korean character is as long as three."""
    counts = script_counts(words)
    return counts.total() + 2 * (counts["Hani"] + counts["Kana"] + counts["Hang"])


def _by_script(words: str, guess: Guess, of_script: _Labels) -> Guess:
    """The guess, or the language that the script of most letters leaves."""
    counts = script_counts(words)
    half = counts.total() / 2
    japanese = counts["Kana"] + counts["Hani"]
    if japanese > half:
        if 10 * counts["Kana"] >= japanese:
            return _settled(guess, of_script.get("Jpan", ()), japanese / counts.total())
        if guess.label != "ja" or counts["Kana"]:
            return guess
        return Guess("zh" if counts["Hani"] >= _HAN_LINE else UNDETERMINED, guess.probability)
    script, n = counts.most_common(1)[0] if counts else ("", 0)
    return _settled(guess, of_script.get(script, ()), n / counts.total()) if n > half else guess


def _settled(guess: Guess, labels: Sequence[str], share: float) -> Guess:
    """The guess, or another one if the languages that are written in the script are others.

    Args:
        guess: the identifier's.
        labels: those languages, as far as the identifier knows them.
        share: of the letters that are in the script.
    """
    if not labels or (guess.label in labels and len(labels) > 1):
        return guess
    return Guess(labels[0], share) if len(labels) == 1 else Guess(UNDETERMINED, 0.0)


@lru_cache(maxsize=32)
def _labels_by_script(labels: frozenset[str]) -> _Labels:
    """The labels whose languages are written in each script that only some languages use."""
    found: dict[str, list[str]] = {}
    for label in sorted(labels):
        script = usual_script(label.split("-")[0])
        if script and script not in _SHARED:
            found.setdefault("Hang" if script == "Kore" else script, []).append(label)
    return found
