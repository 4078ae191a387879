"""Whether a tokenizer has tokens for a language, or spells it in bytes, or does not know its letters."""

from collections.abc import Iterable
from itertools import islice
from typing import Literal

from ontarget.languages import Language
from ontarget.prompts.encode import FastTokenizer, encode_response

Coverage = Literal["tokens", "bytes", "unknown"]

_SAID = {
    "unknown": "the tokenizer does not know the letters of {}: its text would be lost",
    "bytes": "the tokenizer has no tokens for {}, which it spells byte by byte: the model has hardly seen it",
}
_LINES = 200
_UNKNOWN = 0.2  # share of tokens: of a language that a tokenizer knows, a rare name or sign is unknown
_SPELT = 0.9  # tokens for each byte
_WIDE = 1.5  # bytes for each character, of a script whose letters have two or more


def coverage(tokenizer: FastTokenizer, lines: Iterable[str]) -> Coverage:
    """What becomes of text: `tokens` of its language, a token for each byte, or mostly unknown tokens.

    Args:
        tokenizer: of a model.
        lines: of one language; the first 200 are looked at. Of no text nothing is said.
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
    """What to say of a language that a tokenizer has no tokens for; None where it has.

    Args:
        tokenizer: of a model.
        language: it is told by its own name (`Ελληνικά`) where there is no text.
        lines: text of it, if any.
    """
    found = coverage(tokenizer, lines or [language.name(language)])
    return _SAID[found].format(f"{language.name()} ({language})") if found in _SAID else None
