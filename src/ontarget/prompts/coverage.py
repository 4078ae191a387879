"""Checks whether a tokenizer has tokens for a language, spells it in bytes, or does not know its letters."""

from collections.abc import Iterable
from itertools import islice
from typing import Literal

from ontarget.languages import Language
from ontarget.prompts.encode import FastTokenizer, encode_response

Coverage = Literal["tokens", "bytes", "unknown"]

_NOTES = {
    "unknown": "the tokenizer does not know the letters of {}, so its text would be lost",
    "bytes": "the tokenizer has no tokens for {} and spells it byte by byte, so the model has hardly seen it",
}
_LINES = 200
_UNKNOWN = 0.2  # share of tokens; in languages that a tokenizer knows, only rare names or signs are unknown
_SPELT = 0.9  # tokens per byte
_WIDE = 1.5  # bytes per character; in scripts that need two or more, the average exceeds it


def coverage(tokenizer: FastTokenizer, lines: Iterable[str]) -> Coverage:
    """The encoding of text: by `tokens` of its language, by `bytes`, or mostly by `unknown` tokens.

    Args:
        tokenizer: the tokenizer of a model.
        lines: text of one language; the first 200 lines are used. Without text, the result is `tokens`.
    """
    unknown_id = getattr(tokenizer, "unk_token_id", None)
    tokens = unknown = size = characters = 0
    for line in islice(lines, _LINES):
        ids = encode_response(tokenizer, line, "", eos=False)
        tokens += len(ids)
        unknown += ids.count(unknown_id) if unknown_id is not None else 0
        size += len(line.encode("utf-8"))
        characters += len(line)
    if tokens and unknown / tokens > _UNKNOWN:
        return "unknown"
    if characters and size / characters > _WIDE and tokens / size > _SPELT:
        return "bytes"
    return "tokens"


def uncovered(tokenizer: FastTokenizer, language: Language, lines: Iterable[str] = ()) -> str | None:
    """A note if a tokenizer has no tokens for a language, else None.

    Args:
        tokenizer: the tokenizer of a model.
        language: the language; without text, its own name (`Ελληνικά`) is checked.
        lines: text in the language, if available.
    """
    found = coverage(tokenizer, lines or [language.name(language)])
    return _NOTES[found].format(f"{language.name()} ({language})") if found in _NOTES else None
