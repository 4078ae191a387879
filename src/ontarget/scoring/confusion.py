"""Language confusion: whole lines and single words in a language other than the target.

This module has the metrics of the Language Confusion Benchmark (Marchisio et al. 2024, arXiv 2406.20052,
section 3.3) by our own rules, and the matrix of requested and produced languages. The rules of the
benchmark's script are in `lcb.py`.
"""

import re
import string
from collections.abc import Collection, Iterable, Mapping, Sequence

from ontarget import given
from ontarget.errors import UserError
from ontarget.languages import Language
from ontarget.scoring.language_id.own_identifier import IdentifierLike, as_identifier
from ontarget.scoring.language_id.rules import READ, read
from ontarget.scoring.language_id.text_words import words_of
from ontarget.scoring.off_target import OffTarget
from ontarget.scoring.pass_rates import LanguageConfusion, Line, PassRates, ResponseRules
from ontarget.scoring.word_list import signature_of

_NO_PUNCTUATION = str.maketrans({**dict.fromkeys(string.punctuation + "،", ""), "—": " "})
_UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff]"
)
_WORD = re.compile(r"[^\W_]\S*")  # a single punctuation mark, `。` or `-`, is not a word
_LATIN_WORD = re.compile(r"(?<![a-zA-Z\u00c0-\u024f])[a-z]{4,}(?![a-zA-Z\u00c0-\u024f])")


def language_confusion(
    responses: Iterable[str],
    language: Language | str,
    identifier: IdentifierLike | None = None,
    *,
    confidence: float = 0.3,
    words: int = 5,
    english: Collection[str] | None = None,
) -> LanguageConfusion:
    """LPR, WPR and LCPR for text of any kind; `lcb.benchmark_confusion` computes the published versions.

    Lines are identified as for the off-target ratio (`rules.read`): URLs, e-mail addresses, placeholders,
    numbers and code are not words. A line counts if it has at least `words` words; responses without such a
    line are ignored. In scripts without blanks between words, two characters count as one word.

    Args:
        responses: the responses, of one or more lines each.
        language: the target language.
        identifier: default: lid.176.ftz.
        confidence: a line fails if the probability of its guess does not exceed this value.
        words: minimum number of words in a line.
        english: English words in lower case (`word_list.read_word_list`). Default: any word of four or more
            lower-case Latin letters counts as English.

    Raises:
        UserError: the identifier does not know the language.
    """
    target = language if isinstance(language, Language) else Language(language)
    count = PassRates(target, as_identifier(identifier), rules(english, confidence=confidence, words=words))
    count.add(
        given.text(one, "response", number, "response")
        for number, one in enumerate(given.several(responses, "responses"))
    )
    return count.figures()


def rules(
    english: Collection[str] | None = None, *, confidence: float = 0.3, words: int = 5
) -> ResponseRules:
    """The rules of `language_confusion`."""
    known = None if english is None else frozenset(english)

    def lines(response: str) -> list[Line]:
        split = [(line, words_of(line).translate(_NO_PUNCTUATION)) for line in response.split("\n")]
        return [(line, _latin_words(line, text)) for line, text in split if _long_enough(text, words)]

    return ResponseRules(
        lines,
        lambda texts, identifier, expected: [one.guess for one in read(texts, identifier, expected)],
        is_english=(lambda _: True) if known is None else known.__contains__,
        signature=f"{READ}|confidence:{confidence:g}|words:{words}"
        f"|english:{'latin' if known is None else signature_of(known)}",
        words=words,
        confidence=confidence,
    )


def _latin_words(line: str, text: str) -> list[str]:
    """Words of lower-case Latin letters. `text` is the line's words in lower case; `line` shows capitals."""
    found = _LATIN_WORD.findall(text)
    return [word for word in found if word in line.translate(_NO_PUNCTUATION)] if found else []


def _long_enough(line: str, words: int) -> bool:
    unspaced = len(_UNSPACED.findall(line))
    return len(_WORD.findall(_UNSPACED.sub(" ", line))) + unspaced // 2 >= words


def confusion_matrix(
    hypotheses: Mapping[Language, Sequence[str]], identifier: IdentifierLike | None = None
) -> dict[str, dict[str, int]]:
    """Requested language -> produced language -> number of hypotheses; `""` counts empty hypotheses.

    Labels that mean the requested language are counted under its code: for `nb`, lid.176's `no` is `nb`.

    Raises:
        UserError: the argument is not a mapping from languages to lists of strings.
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
