"""Which script a text is written in, by ISO 15924: `Latn`, `Cyrl`, `Hans`."""

import re
from collections import Counter
from collections.abc import Collection
from functools import cache
from unicodedata import name as unicode_name

# The first word of a letter's Unicode name -> ISO 15924, as CLDR's locales use it.
_SCRIPTS = {
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
SCRIPT_OF_FEW = re.compile(
    "[\u0370-\u03ff\u0530-\u05ff\u0a00-\u139f\u1780-\u17ff\u1f00-\u1fff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
)
"""A character of a script that one language, or few, are written in: Greek, Hebrew, Thai, Hangul, kana ..."""
_LETTERS = {"Jpan": {"Kana", "Hani"}, "Kore": {"Hang", "Hani"}, "Hans": {"Hani"}, "Hant": {"Hani"}}


@cache
def _script_of(letter: str) -> str | None:
    """The script of one character; None where it is no letter, or of a script that is not listed."""
    if not letter.isalpha():
        return None
    name = unicode_name(letter, "").removeprefix("HALFWIDTH ").removeprefix("FULLWIDTH ")
    return _SCRIPTS.get(name.split(" ")[0])


@cache
def _han_variant(letter: str) -> str | None:
    """`Hans` or `Hant` where a character is in one of the two national character sets alone."""
    simplified, traditional = (_encodes(letter, charset) for charset in ("gb2312", "big5"))
    return None if simplified == traditional else "Hans" if simplified else "Hant"


def _encodes(letter: str, charset: str) -> bool:
    try:
        return bool(letter.encode(charset))
    except UnicodeEncodeError:
        return False


def letters_of(scripts: Collection[str]) -> set[str]:
    """The scripts of single letters of which texts in `scripts` are made: `Jpan` of `Kana` and `Hani`."""
    return {part for script in scripts for part in _LETTERS.get(script, {script})}


def script_counts(text: str) -> Counter[str]:
    """How many letters of each script a text has: `Latn`, `Cyrl`, `Hani`, `Kana` (both kana), `Hang` ..."""
    counts: Counter[str] = Counter()
    for letter in set(text):
        if script := _script_of(letter):
            counts[script] += text.count(letter)
    return counts


def has_letter_of(text: str, scripts: Collection[str]) -> bool:
    """Whether any letter of a text is of one of these scripts of single letters (`letters_of`)."""
    return any(_script_of(letter) in scripts for letter in text)


def is_known(scripts: Collection[str]) -> bool:
    """Whether letters of all these scripts of single letters are told apart."""
    return set(scripts) <= {*_SCRIPTS.values()}


def in_script(text: str, scripts: Collection[str], share: float = 0.5) -> bool:
    """Whether a text is written in one of `scripts`; one without letters is in any.

    For `Hans` and `Hant` the characters that only one of them has decide; a text without such is in either.

    Args:
        scripts: ISO 15924 codes as in `Language.scripts`; an empty collection asks for nothing.
        share: of the letters, how many must be of these scripts, 0 to 1.
    """
    counts = script_counts(text)
    if not counts or not scripts:
        return True
    if sum(counts[script] for script in letters_of(scripts)) < share * counts.total():
        return False
    asked = {"Hans", "Hant"} & set(scripts)
    if len(asked) != 1:
        return True
    variants = Counter(variant for letter in text if (variant := _han_variant(letter)))
    [variant] = asked
    return 2 * variants[variant] >= variants.total()
