"""Finds the parts of a text that a translation must keep: placeholders, tags, URLs, code, numbers."""

import re
from collections import Counter
from typing import NamedTuple
from unicodedata import digit

# Parts that are in no language -> (a substring of all of them, their pattern). `scoring` removes them before
# it identifies the language of a line, with others that a translation may change.
PATTERNS: dict[str, tuple[str, str]] = {
    "code": ("`", r"```.*?(?:```|$)|`[^`]+`"),
    "url": ("://", r"\b[A-Za-z][\w+.-]*+://[^\s<>\"'）)」】]+"),
    "www": ("www.", r"\bwww\.[^\s<>\"'）)」】]+"),
    "tag": ("<", r"</?(?:[A-Za-z]|0x)[^<>]*>|<!--.*?-->|<\|[^<>|]*\|>"),
    "entity": ("&", r"&(?:[A-Za-z]{2,8}|#\d{1,6}|#x[0-9A-Fa-f]{1,6});"),
    "brace": ("{", r"\$?\{\{[^{}]*\}\}|[$#%]?\{[^{}\s]*\}"),
    "percent": ("%", r"%(?:\(\w+\)|\d+\$)?[-+0#]*+\d*+(?:\.\d+)?(?:l{0,2}[diuxX]|[scfeEgG@])(?!\w)|%\w+%"),
    "address": ("@", r"[\w.+-]++@[\w-]+(?:\.[\w-]+)+|(?<!\w)@\w+(?:\.\w+)*"),
}
# ICU messages with alternatives, such as `{n, plural, one {# file} other {# files}}`: kept as a whole.
_MESSAGE = r"\{\s*\w+\s*,\s*(?:plural|select|selectordinal)\b(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}"
# These must come before PATTERNS, which would find a part of some of them. `scoring` does not remove them:
# most have words of a language, and its signatures name its rules.
_FIRST = (
    r"\{\s*\w+\s*,\s*(?:number|date|time|spellout|ordinal|duration)\b[^{}]*\}",  # ICU values
    r"\{\{\{[^{}]*\}\}\}",  # Mustache without escapes
    r"\{%[^\n]{0,500}?%\}|<%[^\n]{0,500}?%>",  # Jinja and ERB
    r"</?\d{1,3}\s*/?>",  # numbered tags of i18next
    r"@:(?:[\w-]+(?:\.[\w-]+)*|\([\w.-]+\))",  # linked messages of Vue
    r"(?<![^\s(\"'/]):[a-z]\w+:?",  # Laravel's variables; emoji such as :smile:
    r"(?<!\d)%(?:\d+\$)?,[-+0#]*+\d*+(?:\.\d+)?[dfs](?!\w)",  # Java's groups of digits
    r"(?<!\d)%[-+0#]*+\d*+(?:[zjt]|hh?)[diuxX](?!\w)",  # C's lengths
    r"\[X\d{1,6}X\]",  # Weblate's names of placeholders for services without tags
)
_ALSO = (
    r"%%",
    r"\{\s+\w[\w.]*\s+\}",
    r"(?<![\w$])\$[A-Za-z_]\w*",
)  # C's percent sign, `{ x }`, shell variables
# What is no address, nor the beginning of one, is passed at once: to try each of its characters as the first
# one of an address or URL would take the square of their number. It ends before the next letter with which a
# URL may begin; where no URL begins with one, before the next `www.`. Of the patterns above, only those of
# URLs and addresses begin with these characters.
_NEITHER = r"(?P<neither>(?:(?!\b[A-Za-z])[\w.+-])++|[\w.+-](?:(?!\bwww\.)[\w.+-])*+)"
# Many beginnings of comments without an end would take the square of their number.
_COMMENT = "<!--.*?-->", "<!--(?:(?!<!--).)*?-->"
# ASCII: `\w` would take a Chinese character beside a placeholder for a part of it.
_PLACEHOLDER = re.compile(
    "|".join(
        [
            _MESSAGE,
            *_FIRST,
            *(f"(?P<{name}>{pattern.replace(*_COMMENT)})" for name, (_, pattern) in PATTERNS.items()),
            *_ALSO,
            _NEITHER,
        ]
    ),
    re.ASCII | re.DOTALL,
)
_SIGN = re.compile(r"[`<&{%@$]|://|www\.|:[a-z]|\[X")
# A URL ends before the punctuation of the sentence that it is in.
_AFTER_URL = re.compile(r"(?:[。，、！？；：（\u3000].*|(?<![.,;:!?…])[.,;:!?…]++)$", re.DOTALL)

_NUMBER = re.compile(r"(?<!\d)\d{1,3}(?:[ .,'’\u00a0\u202f]\d{3})+(?!\d)|\d+(?:[.,]\d+)*")
_LARGEST_IN_WORDS = 12  # a translation may write smaller numbers in words


class Placeholder(NamedTuple):
    """A part of a text that stays as it is, with the positions of its first character and after its last."""

    text: str
    start: int
    end: int


def placeholders(text: str) -> list[Placeholder]:
    """The placeholders, tags, URLs, addresses, variables, entities and code spans of a text, in order."""
    if not _SIGN.search(text):
        return []
    found = []
    for match in _PLACEHOLDER.finditer(text):
        if match.lastgroup == "neither":
            continue
        part = match[0]
        if match.lastgroup in ("url", "www"):
            part = _AFTER_URL.sub("", part)
        found.append(Placeholder(part, match.start(), match.start() + len(part)))
    return found


def lost_placeholders(source: str, hypothesis: str) -> list[str]:
    """The placeholders of a source that its translation lacks, each as often as it is missing."""
    needed = Counter(part.text for part in placeholders(source))
    if not needed:
        return []
    found = Counter(part.text for part in placeholders(hypothesis))
    lost, rest = list[str](), hypothesis
    # A letter beside a placeholder hides it from the pattern (`%sin`), so it is searched as a string, too:
    # the longest first, because `{x}` is in `{{x}}`.
    for part, times in sorted(needed.items(), key=lambda item: -len(item[0])):
        lost += [part] * (times - max(found[part], rest.count(part)))
        rest = rest.replace(part, "\0")
    return lost


def lost_numbers(source: str, hypothesis: str) -> list[str]:
    """The numbers of a source, as written there, that its translation lacks.

    Separators and the forms of digits do not count: `1,000.5` is `1.000,5`, and `٣٠` is `30`. Numbers up to
    12 are ignored, because a translation may write them in words; so are those in placeholders.
    """
    for part in reversed(placeholders(source)):
        source = source[: part.start] + " " + source[part.end :]
    found = _NUMBER.findall(source)
    if not found:
        return []
    there = _digits(hypothesis)
    return [
        number
        for number in found
        if _value(digits := _digits(number)) > _LARGEST_IN_WORDS and digits not in there
    ]


def _digits(text: str) -> str:
    return "".join(str(digit(character)) for character in text if character.isdecimal())


def _value(digits: str) -> int:
    """The value of a number, exact only if it is small: Python reads at most 4300 digits."""
    return int(digits.lstrip("0")[:3] or "0")
