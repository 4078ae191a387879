"""Removes URLs, placeholders, numbers, code and the like from a line, so that only its words are identified.

These parts do not show which language the text is in, and identifiers take most of them for English.
"""

import re
from functools import cache
from unicodedata import is_normalized, normalize

from ontarget.placeholders import PATTERNS

_UNITS = (
    "km/h|m/s|mph|rpm|fps|dpi|ppm|[kcdmnµμ]?m[²³23]?|[kmµμ]?g|[cdmh]?l|[km]?W|kWh|[kMGT]?Hz|[kMGTP]?i?B|[kMG]?bps|"
    "[kmµμn]?s|min|h|[mk]?V|m?A|mAh|px|pt|em|ft|in|lbs?|oz|°\\s?[CFK]?|[%‰€$£¥₹₽]|"
    "USD|EUR|GBP|JPY|CNY|CHF|SEK|NOK|DKK|PLN|CZK|HUF|RON|RUB|INR|BRL|TRY|AUD|CAD"
)
_CHARACTERS = "年月日时時分秒円元년월일시분초원"
_FILES = (
    "py|ipynb|js|ts|java|cpp|hpp|cc|rs|go|rb|php|sh|bat|html?|css|json|jsonl|xml|ya?ml|toml|ini|csv|tsv|txt|md|"
    "pdf|docx?|xlsx?|pptx?|png|jpe?g|gif|svg|mp[34]|wav|zip|gz|tar|exe|dll|apk|log|cfg"
)

# Each pattern below needs one of these characters, two dashes, or a dot inside a word.
_SIGN = re.compile(r"[\d`<&{%@#\\_+=/(:]")
_DOTTED = re.compile(r"\.[a-z]")

# (substring, pattern): the pattern is tried only on lines that contain the substring. The order matters: URLs
# are removed before the numbers inside them.
# A line may be long, and made to take long: no pattern may read the same characters again for each of the
# places where it may begin. Where it fails at the first of these, a group `stays` takes the others.
_EMPTY_COMMENT = "<!---->"
_PATTERNS: tuple[tuple[str, str], ...] = (
    PATTERNS["code"],
    ("://", rf"{PATTERNS['url'][1]}|(?P<stays>\b[A-Za-z][\w+.-]*+)"),
    PATTERNS["www"],
    ("<!--", r"(?P<comment><!--.*?-->)|(?P<stays><!--.*)"),
    ("<", PATTERNS["tag"][1].replace("<!--.*?-->", _EMPTY_COMMENT)),
    PATTERNS["entity"],
    ("=", r"^(?=.*?=).*[;{]\s*$"),  # a line of C, Java or the like
    ("{", rf"{PATTERNS['brace'][1]}|^(?=.*?\)).*\{{\s*$"),
    PATTERNS["percent"],
    ("@", rf"{PATTERNS['address'][1]}|(?P<stays>[\w.+-]++)"),
    ("#", r"(?<!\w)#\w+"),
    ("\\", r"\b[A-Za-z]:\\\S*|\\{1,2}[A-Za-z]+(?:\\[\w.-]+)*"),
    ("_", r"\b[A-Za-z0-9]*(?:_[A-Za-z0-9]+)+(?:\.[a-z]\w*)?\b|\b__\w+__\b"),
    ("--", r"(?<!\S)--[A-Za-z][\w-]*(?:=\S+)?"),
    ("+", r"\b(?:[A-Za-z]{1,8}\+)+[A-Za-z0-9]{1,8}\b"),  # Ctrl+C
    ("/", r"(?<![\w/])~?(?:/[A-Za-z0-9_.-]+){2,}/?|(?<!\S)\.{1,2}/\S+"),
)
# The same for characters that occur in most lines of prose; here the precondition is a pattern as well.
_RARER: tuple[tuple[str, str], ...] = (
    (r":[a-z0-9_+-]+:", r"(?<![\w:]):[a-z0-9_+-]+:(?!\w)"),  # :smile:
    (
        r"\((?<=\w\()",  # sooner found by the sign than by the letter before it
        (
            r"\b[A-Za-z][\w.]*+(?:\([\w\s.,=\"'*/+-]*\)(?=\s*[;,.:)]|\s*$)|\(\))"
            r"|(?P<stays>\b[A-Za-z][\w.]*+)"
        ),
    ),
    (
        _DOTTED.pattern,
        (
            rf"\b[\w-]++\.(?:{_FILES})\b"
            r"|\b(?:[a-z0-9-]++\.){1,127}"  # no host has more labels
            r"(?:com|org|net|edu|gov|info|io|eu|co\.uk|dev|app|ai)\b(?:/\S*)?"
            # Labels of no host, up to the name of a file; or the part of a word that is in no host.
            rf"|(?P<stays>\b(?:(?:-++\.|[a-z0-9-]++\.(?!(?:{_FILES})\b))++|[\w-]*[^\Wa-z0-9]|[a-z0-9-]++))"
        ),
    ),
    (  # H2O, A380, v1.2, RTX-3090
        r"\d(?<=[A-Za-z]\d)|\d(?<=[A-Za-z]-\d)",
        r"(?<![A-Za-z0-9])(?:[A-Za-z]+|[A-Z]+-)\d[A-Za-z0-9]*(?:[.-]\w*\d\w*)*",
    ),
    (
        r"\d",
        (rf"\d+(?:[.,:/'’\u00a0\u202f -]?\d+)*(?:[\s-]?(?:{_UNITS})(?!\w)|[{_CHARACTERS}]|[A-Za-z]*)"),
    ),
)

# A word is two letters in a row, with their marks; in scripts whose characters are syllables or words, it is
# one. Above the basic plane there are rare scripts and characters; emoji begin at 1F000.
_LETTERS = re.compile(r"[^\W\d_][\u0300-\u036f\u0591-\u05c7\u064b-\u0670]*[^\W\d_]")
_SYLLABLE = (
    r"(?![\W\d_])[\u0700-\u109f\u1200-\u139f\u1700-\u1cff\u2d30-\u2d7f\u3040-\u30ff\u3400-\u9fff\ua000-\uabff\uac00-\ud7af"
    r"\U00010000-\U0001efff\U00020000-\U0003ffff]"
)
# Variant forms of letters: full-width Latin, half-width kana, single Hangul, ligatures, mathematical letters.
_FORM = (
    "[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\uff66-\uffdc\u3131-\u318e\ufb00-\ufb06\ufb50-\ufdff\ufe70-\ufefc"
    "\U0001d400-\U0001d7ff][\u3000\uff10-\uffdc\u3131-\u318e\ufb50-\ufdff\ufe70-\ufefc\U0001d400-\U0001d7ff]*"
)
_compiled = cache(re.compile)  # each on first use: a line of prose needs few of them
_DOT_ABOVE = "\u0307"  # Python lower-cases the Turkish İ to an i and this mark


def words_of(text: str) -> str:
    """The words of a line, in lower case, composed (NFC) and in the usual forms of their letters.

    Removes URLs, e-mail addresses, `@names`, `#tags`, placeholders (`{x}`, `%1$s`, `<b>`), entities, numbers
    with their units, file names and paths, code, and emoji written as `:smile:`. Identifiers are trained on
    sentences: they know little of capitals, and take headings in capitals for another language.

    Returns:
        The text for the identifier; "" if no word is left, so that the line is in no language.
    """
    if not text.isascii() and not is_normalized("NFKC", text):
        text = normalize("NFC", text)
        if _compiled(_FORM).search(text):
            text = _compiled(_FORM).sub(lambda found: normalize("NFKC", found[0]), text)
    if _SIGN.search(text) or _DOTTED.search(text) or "--" in text:
        for trigger, pattern in _PATTERNS:
            if trigger in text:
                text = _removed(pattern, text)
        for rarer, pattern in _RARER:
            if _compiled(rarer).search(text):
                text = _removed(pattern, text)
    if not (_LETTERS.search(text) or _compiled(_SYLLABLE).search(text)):
        return ""
    text = text.lower()
    return text.replace("i" + _DOT_ABOVE, "i") if _DOT_ABOVE in text else text


def _removed(pattern: str, text: str) -> str:
    compiled = _compiled(pattern)
    return compiled.sub(_instead if compiled.groups else " ", text)


def _instead(found: re.Match[str]) -> str:
    if found.lastgroup == "stays":
        return found[0]
    # A comment ends the tag that it is in, so it is removed together with the tags.
    return _EMPTY_COMMENT if found.lastgroup == "comment" else " "
