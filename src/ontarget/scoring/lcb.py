"""The metrics of the Language Confusion Benchmark, as its script `compute_metrics.py` computes them.

Marchisio et al. 2024 (arXiv 2406.20052); the script is in github.com/for-ai/language-confusion. It differs
from `confusion.py` in these points: a response ends at a line that begins with `Q:`; URLs, numbers and code
are words; words are tokens of jieba (Chinese) and MeCab (Japanese), otherwise of blanks; an English word is a
whole token, looked up in a list without changing its case; and WPR is 100 if no response passes LPR.
"""

import string
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ontarget import given
from ontarget.errors import UserError
from ontarget.languages import Language
from ontarget.scoring.language_id.own_identifier import IdentifierLike, as_identifier
from ontarget.scoring.pass_rates import LanguageConfusion, Line, PassRates, ResponseRules
from ontarget.scoring.word_list import signature_of

_NEXT_QUESTION = "\nQ:"  # a base model continues with a prompt of its own
_WITHOUT = str.maketrans({**dict.fromkeys(string.punctuation + "،"), "—": " "})
_TOKENS = 5
_LONGEST = 50_000  # characters
_INSTALL = "pip install 'ontarget[lcb]'"


def benchmark_confusion(
    responses: Iterable[str],
    language: Language | str,
    identifier: IdentifierLike | None = None,
    *,
    english: Collection[str] | None = None,
) -> LanguageConfusion:
    """LPR, WPR and LCPR of one cell of the benchmark: a model's responses in one language to one source.

    The benchmark averages over sources, then over languages.

    Args:
        responses: the completions, with their line breaks.
        language: the target language.
        identifier: default: lid.176.ftz. The benchmark uses lid.176.bin.
        english: the words of the benchmark's file `words` (`word_list.read_word_list`). Without them, WPR is
            not computed.

    Raises:
        UserError: the identifier does not know the language, or the word segmenter for Chinese or Japanese is
            not installed.
    """
    target = language if isinstance(language, Language) else Language(language)
    count = PassRates(target, as_identifier(identifier), rules(target, english))
    count.add(
        given.text(one, "response", number, "response")
        for number, one in enumerate(given.several(responses, "responses"))
    )
    return count.figures()


def rules(language: Language, english: Collection[str] | None) -> ResponseRules:
    """The rules of the benchmark for responses in a language.

    Raises:
        UserError: the word segmenter for the language is not installed.
    """
    known = None if english is None else frozenset(english)
    tokenize, name = _tokenizer(language)

    def lines(response: str) -> list[Line]:
        text = response.split(_NEXT_QUESTION)[0].strip().translate(_WITHOUT)
        read = [(line, tokenize(line)) for line in text.split("\n")]
        return [
            (line, [token.strip() for token in tokens]) for line, tokens in read if len(tokens) >= _TOKENS
        ]

    return ResponseRules(
        lines,
        lambda texts, identifier, _: identifier.identify(texts),
        is_english=None if known is None else known.__contains__,
        signature=f"rules:lcb|tokens:{name}|english:{'none' if known is None else signature_of(known)}",
        empty_passes=True,
    )


def _tokenizer(language: Language) -> tuple[Callable[[str], list[str]], str]:
    """The function that splits a line into words, and its name in signatures."""
    if language.primary == "zh":
        return _chinese().lcut, f"jieba-{version('jieba')}"
    if language.primary == "ja":
        parse, dictionary = _japanese()
        return lambda line: [word for part in _parts(line) for word in parse(part).split()], dictionary
    return str.split, "blanks"


@cache
def _chinese() -> Any:
    try:
        with warnings.catch_warnings():  # Python 3.12 warns of escapes in jieba's strings
            warnings.simplefilter("ignore")
            import jieba
    except ModuleNotFoundError:
        raise UserError(
            f"the benchmark splits Chinese into words by jieba, which is missing: {_INSTALL}"
        ) from None
    jieba.setLogLevel("WARNING")  # by default it logs the loading of its dictionary to standard error
    return jieba


@cache
def _japanese() -> tuple[Callable[[str], str], str]:
    try:
        from fugashi import Tagger

        tagger = Tagger("-O wakati")
    except (ModuleNotFoundError, RuntimeError):  # RuntimeError: there is no dictionary
        raise UserError(
            "the benchmark splits Japanese into words by MeCab, which is missing or has no dictionary: "
            f"{_INSTALL}"
        ) from None
    dictionary = Path(tagger.dictionary_info[0]["filename"]).parents[1].name  # <package>/dicdir/sys.dic
    return tagger.parse, f"mecab-{dictionary}"


def _parts(line: str) -> Iterator[str]:
    """Splits a line into parts that MeCab can process: with a million characters it crashes the process."""
    return (line[start : start + _LONGEST] for start in range(0, len(line), _LONGEST))
