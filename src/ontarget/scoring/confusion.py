"""Language confusion: whole lines, and single words, in a language that was not asked for.

The metrics of the Language Confusion Benchmark (Marchisio et al. 2024, arXiv 2406.20052, section 3.3), and
the matrix of requested and produced languages.
"""

import re
import string
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version

from ontarget import given
from ontarget.errors import UserError
from ontarget.languages import Language
from ontarget.scoring.interval import wilson
from ontarget.scoring.language_id import Identifier, default_identifier, known_labels
from ontarget.scoring.off_target import OffTarget
from ontarget.scoring.score import Score

_NO_PUNCTUATION = str.maketrans({**dict.fromkeys(string.punctuation + "،", ""), "—": " "})
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
_LATIN_WORD = re.compile(r"(?<![a-zA-Z\u00c0-\u024f])[a-z]{4,}(?![a-zA-Z\u00c0-\u024f])")


@dataclass(frozen=True, slots=True)
class LanguageConfusion:
    """The benchmark's three figures, in percent; higher is better.

    Attributes:
        lpr: line-level pass rate, the share of responses of which each line is in the language asked for.
        wpr: word-level pass rate, the share of *those* responses that hold no English word. None for
            languages in Latin script, where a word's language cannot be told by its letters.
        lcpr: language confusion pass rate, the harmonic mean of the two.
    """

    lpr: Score
    wpr: Score | None
    lcpr: Score | None


def language_confusion(
    responses: Iterable[str],
    language: Language | str,
    identifier: Identifier | None = None,
    *,
    confidence: float = 0.3,
    words: int = 5,
    english: Collection[str] | None = None,
) -> LanguageConfusion:
    """LPR, WPR and LCPR as the benchmark computes them, with two stated differences.

    A line counts if it has at least `words` words; its language is judged without punctuation; a response
    without such a line is left out. The differences: where words are not set apart by blanks, two characters
    count as a word (the benchmark uses jieba and MeCab); and unless `english` is given, any word of four or
    more small Latin letters is taken for an English one (the benchmark looks it up in a list of words).

    Args:
        responses: one text each, of one line or several.
        language: the language that was asked for.
        identifier: default: lid.176.ftz. The benchmark's is lid.176.bin.
        confidence: an identifier less sure than this does not know, so that the line fails.
        words: a line of fewer is not judged.
        english: English words in small letters.

    Raises:
        UserError: no response has a line that is long enough, or the identifier knows no such language.
    """
    target = language if isinstance(language, Language) else Language(language)
    identifier = identifier or default_identifier()
    expected = known_labels(target, identifier)
    judged = right = clean = 0
    for number, one in enumerate(given.several(responses, "responses")):
        response = given.text(one, "response", number, "answer")
        lines = [line for line in _lines(response) if _long_enough(line, words)]
        if not lines:
            continue
        judged += 1
        guesses = identifier.identify(lines)
        if all(guess.label in expected and guess.probability > confidence for guess in guesses):
            right += 1
            clean += not any(_has_english_word(line, english) for line in lines)
    if not judged:
        raise UserError(
            f"no response has a line of {words} words or more: its language confusion is undefined"
        )
    kind = "latin" if english is None else f"list-of-{len(english)}"
    signature = (
        f"lid:{identifier.signature}|confidence:{confidence:g}|words:{words}|english:{kind}"
        f"|n:{judged}|version:{version('ontarget')}"
    )
    lpr = _share("lpr", right, judged, signature)
    if target.script == "Latn" or not right:
        return LanguageConfusion(lpr, None, None)
    wpr = _share("wpr", clean, right, signature)
    both = 2 * lpr.value * wpr.value / (lpr.value + wpr.value)
    return LanguageConfusion(lpr, wpr, Score("lcpr", both, judged, signature))


def confusion_matrix(
    hypotheses: Mapping[Language, Sequence[str]], identifier: Identifier | None = None
) -> dict[str, dict[str, int]]:
    """Requested language -> produced language -> how many hypotheses; `""` are those without text.

    A label that means the requested language stands under the requested code: of `nb`, lid.176's `no` is
    `nb`.

    Raises:
        UserError: what is not such a mapping of lists of strings.
    """
    matrix = {}
    if not isinstance(hypotheses, Mapping):
        raise UserError(
            f"the hypotheses are {given.shown(hypotheses)}; give a mapping from each language to a list"
        )
    for language, texts in hypotheses.items():
        count = OffTarget(language, identifier)
        count.add(texts)
        row = {count.language.code: count.n - count.off, **count.produced_off}
        matrix[count.language.code] = dict(sorted(row.items(), key=lambda item: -item[1]))
    return matrix


def _share(metric: str, passed: int, n: int, signature: str) -> Score:
    return Score(metric, 100.0 * passed / n, n, signature, wilson(passed, n))


def _lines(response: str) -> list[str]:
    return response.translate(_NO_PUNCTUATION).split("\n")


def _long_enough(line: str, words: int) -> bool:
    unspaced = len(_UNSPACED.findall(line))
    return len(_UNSPACED.sub(" ", line).split()) + unspaced // 2 >= words


def _has_english_word(line: str, english: Collection[str] | None) -> bool:
    found = _LATIN_WORD.findall(line)
    return bool(found) if english is None else any(word in english for word in found)
