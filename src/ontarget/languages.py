"""Languages and directions: codes, names, and what other libraries call them.

Codes are BCP 47 (`de`, `zh-Hant`, `pt-BR`); those of ISO 639-3 and FLORES (`deu`, `zho_Hant`) are read, too.
Names come from CLDR through Babel.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from itertools import permutations
from typing import Self

from babel import Locale
from babel.core import UnknownLocaleError, get_global
from babel.localedata import locale_identifiers

from ontarget.errors import UserError, nearest

# What lid.176 prints where it does not print the code's own first part (fastText labels are ISO 639-1/3).
_FASTTEXT_LABEL = {"nb": "no", "fil": "tl"}


@cache
def _english_names() -> dict[str, str]:
    """Every language code of CLDR that is two or three letters long, with its English name."""
    return {code: name for code, name in Locale("en").languages.items() if code.isalpha() and len(code) <= 3}


def _usual_code(primary: str) -> str:
    """`de` of `deu`, `he` of `iw`: the code of two letters that CLDR has in place of one without a name."""
    usual: str = get_global("language_aliases").get(primary, primary)
    return usual if primary not in _english_names() and len(usual) == 2 else primary


@cache
def _names_in(tag: str) -> Mapping[str, str]:
    """Language code of CLDR -> name; Babel alone would read the tag again for every prompt."""
    names: Mapping[str, str] = Locale.parse(tag, sep="-").languages
    return names


def _usual_script(tag: str) -> str | None:
    likely: str = get_global("likely_subtags").get(tag, "")
    return next((part for part in likely.split("_") if len(part) == 4), None)


@cache
def _scripts(primary: str) -> frozenset[str]:
    parts = {
        part for tag in locale_identifiers() if tag.startswith(f"{primary}_") for part in tag.split("_")[1:2]
    }
    scripts = {part for part in (*parts, _usual_script(primary)) if part and len(part) == 4}
    return frozenset(scripts - {"Latn"} if primary == "zh" else scripts)  # nobody asks for pinyin by `zh`


def code_of(value: object) -> str:
    """The code that a YAML file has: YAML 1.1 reads Norwegian's `no` as false."""
    return "no" if value is False else str(value)


@dataclass(frozen=True, slots=True, order=True)
class Language:
    """A language by its BCP 47 code: `Language("ro").name("it") == "rumeno"`.

    Raises:
        UserError: CLDR knows no such language; the message names the nearest codes.
    """

    code: str

    def __post_init__(self) -> None:
        first, *others = self.code.replace("_", "-").split("-")
        primary = _usual_code(first.lower())
        parts = [part.title() if len(part) == 4 else part.upper() for part in others]
        if parts and len(parts[0]) == 4 and _scripts(primary) == {parts[0]}:
            parts = parts[1:]  # `fra_Latn`: the only script that it has says nothing
        tag = "-".join([primary, *parts])
        try:
            Locale.parse(tag, sep="-")
        except (UnknownLocaleError, ValueError):
            if tag not in _english_names():  # CLDR may name a language without having a locale for it
                raise UserError(f"unknown language {self.code!r}{_hint(self.code)}") from None
        object.__setattr__(self, "code", tag)

    def name(self, language: "Language | str" = "en") -> str:
        """The language's name, in `language`, in the nominative; the code where CLDR has none (`gom`).

        `Language("cs").name("de") == "Tschechisch"`.
        """
        known = _names_in(str(language))
        tag = self.code.replace("-", "_")
        return known.get(tag) or known.get(self.primary) or _english_names().get(self.primary, self.code)

    @property
    def primary(self) -> str:
        """The code's first part: `zh` of `zh-Hant`."""
        return self.code.split("-")[0]

    @property
    def region(self) -> str | None:
        """The region that the code names: `BR` of `pt-BR`."""
        return next((part for part in self.code.split("-")[1:] if len(part) < 4), None)

    @property
    def script(self) -> str | None:
        """The script that the code names, or else the usual one: `Hant` of `zh-TW`, `Hans` of `zh`."""
        named = next((part for part in self.code.split("-")[1:] if len(part) == 4), None)
        return named or _usual_script(f"{self.primary}_{self.region}") or _usual_script(self.primary)

    @property
    def scripts(self) -> frozenset[str]:
        """The scripts that answer a request for this language; empty where CLDR does not say.

        A script or region in the code decides: `zh-TW` is `Hant`. Without, it is every script in which CLDR
        writes the language: `sr` is `Cyrl` or `Latn`, `zh` is `Hans` or `Hant`.
        """
        if self.code != self.primary:
            return frozenset({self.script} if self.script else ())
        return _scripts(self.primary)

    @property
    def fasttext_label(self) -> str:
        """The label that fastText's lid.176 prints for this language, without `__label__`."""
        return _FASTTEXT_LABEL.get(self.primary, self.primary)

    @property
    def sacrebleu_tokenizer(self) -> str:
        """The tokenizer that sacreBLEU recommends for this target language."""
        return {"zh": "zh", "ja": "ja-mecab", "ko": "ko-mecab"}.get(self.primary, "13a")

    def __str__(self) -> str:
        return self.code


@dataclass(frozen=True, slots=True, order=True)
class Direction:
    """From one language to another: `Direction.parse("it-nl")`."""

    source: Language
    target: Language

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads `it-nl`, and `zh-Hant-en` too.

        The hyphen that leaves two known languages is the one between them. Where several do, it is the one
        that gives the text back: `sv-FI-fi` is from sv-FI into fi, since a direction into fi-FI says so.
        """
        parts = text.split("-")
        found = []
        for cut in range(1, len(parts)):
            try:
                found.append(cls(Language("-".join(parts[:cut])), Language("-".join(parts[cut:]))))
            except UserError:
                continue
        if found:
            return next((direction for direction in found if str(direction) == text), found[0])
        unknown = next((p for p in parts if p not in _english_names()), text)
        raise UserError(f"'{text}' is no direction such as it-nl{_hint(unknown)}")

    @property
    def sides(self) -> tuple[Language, Language]:
        """Both languages, the source first."""
        return self.source, self.target

    @property
    def reverse(self) -> "Direction":
        """The way back."""
        return Direction(self.target, self.source)

    def __str__(self) -> str:
        return f"{self.source}-{self.target}"


def directions_between(languages: Iterable[Language]) -> list[Direction]:
    """Every direction from one of the languages into another."""
    return [Direction(source, target) for source, target in permutations(languages, 2)]


def _hint(word: str) -> str:
    """Codes for a code, and the codes of names for a name: `Germn` is as likely a slip as `dd`."""
    if len(word) <= 3:
        return nearest(word, [code for code in _english_names() if len(code) == 2])
    by_name = {name.lower(): f"{code} ({name})" for code, name in _english_names().items()}
    close = get_close_matches(word.lower(), by_name, n=2, cutoff=0.7)
    return f"; did you mean {' or '.join(by_name[name] for name in close)}?" if close else ""
