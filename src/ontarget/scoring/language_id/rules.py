"""How a line is read before its language counts: what the identifier is asked, and when its answer is none.

The paper asks the identifier for the whole line as it stands, and takes its best guess. That holds for clean
sentences. Of other text an identifier that learnt from them is wrong in ways that say nothing of a
translation: capitals, URLs, numbers, and lines so short that it can only guess.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple, get_args

from ontarget import given
from ontarget.scoring.language_id.identifier import Guess, Identifier, Weighing
from ontarget.scoring.language_id.labels import UNDETERMINED, is_undetermined
from ontarget.scoring.language_id.scripts import SCRIPT_OF_FEW, script_counts
from ontarget.scoring.language_id.text_words import words_of
from ontarget.subtags import usual_script
from ontarget.text import is_empty

_NEUTRAL = Guess("zxx", 1.0)  # BCP 47: no linguistic content
_Labels = Mapping[str, Sequence[str]]  # script -> an identifier's labels of the languages written in it

# Scripts of many languages, in which more is to be told apart than an identifier knows.
_SHARED = {"Latn", "Cyrl", "Arab", "Deva", "Beng", "Hans", "Hant"}
_MORE_OFTEN_THAN_NOT = 0.5
_HAN_LINE = 10  # Chinese characters: fewer of them without kana may be a Japanese name or heading, too

Doubt = Literal["neutral", "unsure"]
"""Why a line whose guess is another language is not off-target, see `Reading`."""
Rules = Literal["robust", "paper"]
"""`robust`: those of this project, see `read`. `paper`: the identifier's best guess of a line as it is."""
READ = "case:lower|norm:nfc|text:words|script:decides"
"""What stands in the signature of whatever is identified by the rules `robust`."""
Unit = Literal["line", "sentence"]
"""What is identified: whole hypotheses, or each of their sentences (`by_sentence.BySentence`)."""


def signature_of(rules: Rules, identifier: Identifier) -> str:
    """What stands in the signature of a score for the rules that it was counted by."""
    if rules == "paper":
        return "case:mixed|norm:none"
    unsure = f"guess<{_MORE_OFTEN_THAN_NOT:g}"
    if isinstance(identifier, Weighing):
        unsure = identifier.even_odds.signature
    return f"{READ}|unsure:{unsure}"


class Reading(NamedTuple):
    """What was read of one line.

    Attributes:
        guess: the identifier's.
        doubt: `neutral` if the line has no word of any language, `unsure` if the guess is another language
            than was asked for, and at even odds the line is as likely in that one; None: the guess counts.
        sentences: the outcomes of its sentences, if these were identified.
        mixed: whether some of them are in another language, but fewer than half.
    """

    guess: Guess
    doubt: Doubt | None = None
    sentences: tuple[str, ...] = ()
    mixed: bool = False


def read(
    texts: Sequence[str], identifier: Identifier, on_target: Collection[str], rules: Rules = "robust"
) -> list[Reading]:
    """Reads lines.

    By the paper's rules the identifier's guess of the whole line counts, however sure it is. By ours:

    1. The identifier reads a line in lower case and without what is not language (`text_words.words_of`); a
       line without a word is neutral.
    2. A script that one language alone is written in decides; without kana nothing is Japanese.
    3. A guess that is another language is unsure where the identifier gives the one asked for a probability
       from which on, at even odds, the line is more likely in it than not (`Weighing.even_odds`). One that
       gives no such probability is unsure of a guess below a half.

    Args:
        texts: one hypothesis each.
        identifier: asked for what is left of each line.
        on_target: the identifier's labels of the language that was asked for.
        rules: whose.
    """
    given.choice(rules, "the set of rules", get_args(Rules))
    if rules == "paper":
        return [Reading(guess) for guess in identifier.identify(texts)]
    words = [words_of(text) for text in texts]
    of_script = _labels_by_script(frozenset(identifier.labels))
    return [
        _reading(text, line, guess, on_target, of_script, perhaps and guess.label not in on_target)
        for text, line, (guess, perhaps) in zip(
            texts, words, _weighed(words, identifier, on_target), strict=True
        )
    ]


def _weighed(
    words: Sequence[str], identifier: Identifier, on_target: Collection[str]
) -> list[tuple[Guess, bool]]:
    """One guess a text, and whether the text is as likely in the language asked for."""
    if not isinstance(identifier, Weighing):
        return [(guess, guess.probability < _MORE_OFTEN_THAN_NOT) for guess in identifier.identify(words)]
    even = identifier.even_odds
    lowest, highest = even.bounds
    return [
        (guess, asked >= highest or (asked >= lowest and asked >= even.of(letters(line))))
        for line, (guess, asked) in zip(words, identifier.weigh(words, on_target), strict=True)
    ]


def _reading(
    text: str, words: str, guess: Guess, on_target: Collection[str], of_script: _Labels, perhaps: bool
) -> Reading:
    """Args: `perhaps` whether the guess is another language, and yet the one asked for is as likely."""
    if not words:
        return Reading(guess) if is_empty(text) else Reading(_NEUTRAL, "neutral")
    if (
        SCRIPT_OF_FEW.search(words)
        and (settled := _by_script(words, guess, on_target, of_script)) is not guess
    ):
        guess, perhaps = settled, False
    return Reading(guess, "unsure" if perhaps or is_undetermined(guess.label) else None)


def letters(words: str) -> int:
    """The letters of a line; a Chinese, Japanese or Korean character is as long as three."""
    counts = script_counts(words)
    return counts.total() + 2 * (counts["Hani"] + counts["Kana"] + counts["Hang"])


def _by_script(words: str, guess: Guess, on_target: Collection[str], of_script: _Labels) -> Guess:
    """The guess, or the language that the script of most letters leaves."""
    counts = script_counts(words)
    half = counts.total() / 2
    japanese = counts["Kana"] + counts["Hani"]
    if japanese > half:
        if 10 * counts["Kana"] >= japanese:
            return _settled(guess, of_script.get("Jpan", ()), japanese / counts.total())
        if guess.label != "ja" or counts["Kana"]:
            return guess
        perhaps = "ja" in on_target and counts["Hani"] < _HAN_LINE
        return Guess(UNDETERMINED if perhaps else "zh", guess.probability)
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
