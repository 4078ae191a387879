"""Rules for identifying a line: how the line is prepared, and when the identifier's guess counts.

The paper passes the whole line to the identifier unchanged and takes its best guess. This works for clean
sentences. On other text, identifiers trained on sentences make errors that do not depend on the quality of a
translation: on capitals, URLs, numbers, and lines too short to identify.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple, get_args

from ontarget import given
from ontarget.scoring.language_id.identifier import Guess, Identifier, Weighing
from ontarget.scoring.language_id.labels import UNDETERMINED, is_undetermined
from ontarget.scoring.language_id.many_scripts import counts_of_scripts
from ontarget.scoring.language_id.scripts import has_script_of_few, script_counts
from ontarget.scoring.language_id.text_words import words_of
from ontarget.subtags import usual_script
from ontarget.text import is_empty

_NEUTRAL = Guess("zxx", 1.0)  # BCP 47: no linguistic content
_Labels = Mapping[str, Sequence[str]]  # script -> an identifier's labels of the languages written in it

# Scripts of many languages, some of which an identifier does not know: the script alone does not decide.
_SHARED = {"Latn", "Cyrl", "Arab", "Deva", "Beng", "Hans", "Hant"}
_MORE_OFTEN_THAN_NOT = 0.5
_HAN_LINE = 10  # Chinese characters: fewer of them without kana may also be a Japanese name or heading

Doubt = Literal["neutral", "unsure"]
"""Why a line whose guess is another language is not off-target, see `Reading`."""
Rules = Literal["robust", "paper"]
"""`robust`: the rules of this project, see `read`. `paper`: the best guess for the unchanged line."""
READ = "case:lower|norm:nfc|text:words|script:decides"
"""The part of a signature that names the rules `robust`."""
Unit = Literal["line", "sentence"]
"""The unit of identification: whole hypotheses, or each of their sentences (`by_sentence.BySentence`)."""


def signature_of(rules: Rules, identifier: Identifier) -> str:
    """The part of a score's signature that names the rules by which lines were identified."""
    if rules == "paper":
        return "case:mixed|norm:none"
    unsure = f"guess<{_MORE_OFTEN_THAN_NOT:g}"
    if isinstance(identifier, Weighing):
        unsure = identifier.even_odds.signature
    return f"{READ}|unsure:{unsure}"


class Reading(NamedTuple):
    """The result of identifying one line.

    Attributes:
        guess: the identifier's guess.
        doubt: `neutral` if the line has no word of any language; `unsure` if the guess is another language,
            but at even odds the line is as likely in the target language; None if the guess counts.
        sentences: the outcomes of the line's sentences, if these were identified.
        mixed: whether some sentences are in another language, but fewer than half.
    """

    guess: Guess
    doubt: Doubt | None = None
    sentences: tuple[str, ...] = ()
    mixed: bool = False


def read(
    texts: Sequence[str], identifier: Identifier, on_target: Collection[str], rules: Rules = "robust"
) -> list[Reading]:
    """Identifies lines by one of two sets of rules.

    With `paper`, the identifier's guess for the whole line counts, at any probability. With `robust`:

    1. The identifier reads only the words of a line, in lower case (`text_words.words_of`); a line without
       words is neutral.
    2. A script that only one language uses decides. Without kana, a line is not Japanese.
    3. A guess of another language is unsure if the probability of the target language is high enough that,
       at even odds, the line is more likely in it than not (`Weighing.even_odds`). If the identifier does not
       give this probability, a guess below one half is unsure.

    Args:
        texts: the hypotheses.
        identifier: identifies the words of each line.
        on_target: the identifier's labels for the target language.
        rules: the set of rules.
    """
    given.choice(rules, "the set of rules", get_args(Rules))
    if rules == "paper":
        return [Reading(guess) for guess in identifier.identify(texts)]
    words = [words_of(text) for text in texts]
    weighed = _weighed(words, identifier, on_target)
    of_few = [number for number, line in enumerate(words) if has_script_of_few(line)]
    if of_few:
        of_script = _labels_by_script(frozenset(identifier.labels))
        for number, counts in zip(of_few, counts_of_scripts([words[n] for n in of_few]), strict=True):
            guess, _ = weighed[number]
            if (settled := _by_script(counts, guess, on_target, of_script)) is not guess:
                weighed[number] = (settled, False)
    return [
        _reading(text, line, guess, perhaps and guess.label not in on_target)
        for text, line, (guess, perhaps) in zip(texts, words, weighed, strict=True)
    ]


def _weighed(
    words: Sequence[str], identifier: Identifier, on_target: Collection[str]
) -> list[tuple[Guess, bool]]:
    """One guess for each text, and whether the text is as likely in the target language."""
    if not isinstance(identifier, Weighing):
        return [(guess, guess.probability < _MORE_OFTEN_THAN_NOT) for guess in identifier.identify(words)]
    even = identifier.even_odds
    lowest, highest = even.bounds
    return [
        (guess, target >= highest or (target >= lowest and target >= even.of(letters(line))))
        for line, (guess, target) in zip(words, identifier.weigh(words, on_target), strict=True)
    ]


def _reading(text: str, words: str, guess: Guess, perhaps: bool) -> Reading:
    """`perhaps` says that the guess is another language, but the target language is as likely."""
    if not words:
        return Reading(guess) if is_empty(text) else Reading(_NEUTRAL, "neutral")
    return Reading(guess, "unsure" if perhaps or is_undetermined(guess.label) else None)


def letters(words: str) -> int:
    """Number of letters in a line; a Chinese, Japanese or Korean character counts as three."""
    counts = script_counts(words)
    return counts.total() + 2 * (counts["Hani"] + counts["Kana"] + counts["Hang"])


def _by_script(counts: Counter[str], guess: Guess, on_target: Collection[str], of_script: _Labels) -> Guess:
    """The guess, corrected by the script of most letters where few languages use this script."""
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
    """The guess if its language uses the script; otherwise the script's only language, or undetermined.

    Args:
        guess: the identifier's guess.
        labels: the labels of the languages that use the script, as far as the identifier knows them.
        share: the share of letters that are in the script.
    """
    if not labels or (guess.label in labels and len(labels) > 1):
        return guess
    return Guess(labels[0], share) if len(labels) == 1 else Guess(UNDETERMINED, 0.0)


@lru_cache(maxsize=32)
def _labels_by_script(labels: frozenset[str]) -> _Labels:
    """Script -> the labels of the languages written in it, for each script that few languages use."""
    found: dict[str, list[str]] = {}
    for label in sorted(labels):
        script = usual_script(label.split("-")[0])
        if script and script not in _SHARED:
            found.setdefault("Hang" if script == "Kore" else script, []).append(label)
    return found
