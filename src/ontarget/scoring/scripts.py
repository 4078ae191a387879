"""Which script a text is written in, and what that alone says of its language."""

from collections import Counter
from collections.abc import Collection, Sequence
from functools import cache
from unicodedata import name as unicode_name

from ontarget.languages import Language
from ontarget.scoring.labels import UNDETERMINED
from ontarget.scoring.language_id import Guess

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
}
_OF_TEXT = {"Jpan": {"Kana", "Hani"}, "Kore": {"Hang", "Hani"}, "Hans": {"Hani"}, "Hant": {"Hani"}}


@cache
def _script_of(letter: str) -> str | None:
    """The script of one character; None where it is no letter, or of a script that is not listed."""
    return _SCRIPTS.get(unicode_name(letter, "").split(" ")[0]) if letter.isalpha() else None


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


def script_counts(text: str) -> Counter[str]:
    """How many letters of each script a text has: `Latn`, `Cyrl`, `Hani`, `Kana` (both kana), `Hang` ..."""
    return Counter(script for letter in text if (script := _script_of(letter)))


def in_script(text: str, scripts: Collection[str]) -> bool:
    """Whether most of a text's letters are of one of `scripts`; a text without letters is in any.

    For `Hans` and `Hant` the characters that only one of them has decide; a text without such is in either.

    Args:
        scripts: ISO 15924 codes as in `Language.scripts`; an empty collection asks for nothing.
    """
    counts = script_counts(text)
    wanted = {part for script in scripts for part in _OF_TEXT.get(script, {script})}
    if not counts or not scripts:
        return True
    if 2 * sum(counts[script] for script in wanted) < counts.total():
        return False
    asked = {"Hans", "Hant"} & set(scripts)
    if len(asked) != 1:
        return True
    variants = Counter(variant for letter in text if (variant := _han_variant(letter)))
    [variant] = asked
    return 2 * variants[variant] >= variants.total()


class ScriptRules:
    """An identifier that looks at the script alone: sure where one of `among` has it to itself.

    For sets such as en, ru, zh, ja it needs no model; two languages of one script it cannot tell apart, and
    says `und`.

    Args:
        among: the languages that may occur.
    """

    def __init__(self, among: Sequence[Language]) -> None:
        self._among = {language.code: language.scripts for language in among}
        self.labels = frozenset(self._among)
        self.signature = f"script/{'+'.join(sorted(self.labels))}"

    def identify(self, texts: Sequence[str]) -> list[Guess]:
        """The one language whose script a text is in, with the share of its letters that are."""
        return [self._guess(text) for text in texts]

    def _guess(self, text: str) -> Guess:
        if not text.strip():
            return Guess("", 0.0)
        counts = script_counts(text)
        fits = [code for code, scripts in self._among.items() if counts and in_script(text, scripts)]
        if (
            "Kana" not in counts and len(fits) > 1
        ):  # Han characters alone are Chinese before they are Japanese
            fits = [code for code in fits if "Jpan" not in self._among[code]]
        elif "Kana" in counts:
            fits = [code for code in fits if "Jpan" in self._among[code]] or fits
        if len(fits) != 1:
            return Guess(UNDETERMINED, 0.0)
        wanted = {part for script in self._among[fits[0]] for part in _OF_TEXT.get(script, {script})}
        return Guess(fits[0], sum(counts[script] for script in wanted) / counts.total())
