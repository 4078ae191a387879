"""The script of a text by its ISO 15924 code: `Latn`, `Cyrl`, `Hans`."""

import re
from collections import Counter
from collections.abc import Collection
from functools import cache
from unicodedata import name as unicode_name

# The first word of a letter's Unicode name -> ISO 15924, as CLDR's locales use it.
_SCRIPT_OF_WORD = {
    "LATIN": "Latn",
    "CYRILLIC": "Cyrl",
    "GREEK": "Grek",
    "ARABIC": "Arab",
    "HEBREW": "Hebr",
    "DEVANAGARI": "Deva",
    "BENGALI": "Beng",
    "GURMUKHI": "Guru",
    "GUJARATI": "Gujr",
    "ORIYA": "Orya",
    "TAMIL": "Taml",
    "TELUGU": "Telu",
    "KANNADA": "Knda",
    "MALAYALAM": "Mlym",
    "SINHALA": "Sinh",
    "THAI": "Thai",
    "LAO": "Laoo",
    "TIBETAN": "Tibt",
    "MYANMAR": "Mymr",
    "GEORGIAN": "Geor",
    "ARMENIAN": "Armn",
    "ETHIOPIC": "Ethi",
    "KHMER": "Khmr",
    "MONGOLIAN": "Mong",
    "HANGUL": "Hang",
    "HIRAGANA": "Kana",
    "KATAKANA": "Kana",
    "KATAKANA-HIRAGANA": "Kana",
    "CJK": "Hani",
    "SYRIAC": "Syrc",
    "THAANA": "Thaa",
    "NKO": "Nkoo",
    "TIFINAGH": "Tfng",
    "CHEROKEE": "Cher",
    "CANADIAN": "Cans",
    "OL": "Olck",
    "MEETEI": "Mtei",
    "JAVANESE": "Java",
    "BALINESE": "Bali",
    "ADLAM": "Adlm",
    "YI": "Yiii",
}
SCRIPTS = tuple(dict.fromkeys(_SCRIPT_OF_WORD.values()))
"""All scripts that `script_counts` recognises."""
# Greek, Hebrew, Thai, Hangul, kana and the like; compiled on first use, since that takes milliseconds.
_SCRIPT_OF_FEW = (
    "[\u0370-\u03ff\u0530-\u05ff\u0a00-\u139f\u1780-\u17ff\u1f00-\u1fff\u3040-\u30ff"
    "\u3400-\u9fff\uac00-\ud7af]"
)
_PERHAPS_OF_FEW = re.compile("[\u0370-\u1fff\u3040-\ud7af]")
_compiled = cache(re.compile)
_LETTERS = {"Jpan": {"Kana", "Hani"}, "Kore": {"Hang", "Hani"}, "Hans": {"Hani"}, "Hant": {"Hani"}}


@cache
def script_of(letter: str) -> str:
    """The script of one character; empty if it is not a letter, or its script is not listed."""
    if not letter.isalpha():
        return ""
    name = unicode_name(letter, "").removeprefix("HALFWIDTH ").removeprefix("FULLWIDTH ")
    return _SCRIPT_OF_WORD.get(name.split(" ")[0], "")


@cache
def _han_variant(letter: str) -> str | None:
    """`Hans` or `Hant` if a character is in only one of the two national character sets."""
    simplified, traditional = (_encodes(letter, charset) for charset in ("gb2312", "big5"))
    return None if simplified == traditional else "Hans" if simplified else "Hant"


def _encodes(letter: str, charset: str) -> bool:
    try:
        return bool(letter.encode(charset))
    except UnicodeEncodeError:
        return False


def letters_of(scripts: Collection[str]) -> set[str]:
    """The letter scripts of texts in `scripts`: texts in `Jpan` have letters in `Kana` and `Hani`."""
    return {part for script in scripts for part in _LETTERS.get(script, {script})}


def script_counts(text: str) -> Counter[str]:
    """Number of letters in each script: `Latn`, `Cyrl`, `Hani`, `Kana` (both kana), `Hang` ..."""
    counts = Counter(map(script_of, text))
    del counts[""]
    return counts


def has_letter_of(text: str, scripts: Collection[str]) -> bool:
    """Whether any letter of a text is in one of these letter scripts (`letters_of`)."""
    return any(script_of(letter) in scripts for letter in text)


def is_known(scripts: Collection[str]) -> bool:
    """Whether `script_counts` recognises letters of all these letter scripts (`letters_of`)."""
    return set(scripts) <= set(SCRIPTS)


def has_script_of_few(text: str) -> bool:
    """Whether a text has a character of a script that few languages use: Greek, Thai, Hangul, kana ..."""
    return bool(_PERHAPS_OF_FEW.search(text) and _compiled(_SCRIPT_OF_FEW).search(text))


def in_script(text: str, scripts: Collection[str], share: float = 0.5) -> bool:
    """Whether a text is written in one of `scripts`; a text without letters is written in any script.

    `Hans` and `Hant` are distinguished by the characters that only one of them has; a text without such
    characters is in both.

    Args:
        scripts: ISO 15924 codes as in `Language.scripts`; with an empty collection every text passes.
        share: minimum share of the letters that must be in these scripts, 0 to 1.
    """
    counts = script_counts(text)
    if not counts or not scripts:
        return True
    if sum(counts[script] for script in letters_of(scripts)) < share * counts.total():
        return False
    requested = {"Hans", "Hant"} & set(scripts)
    if len(requested) != 1:
        return True
    variants = Counter(variant for letter in text if (variant := _han_variant(letter)))
    [variant] = requested
    return 2 * variants[variant] >= variants.total()
