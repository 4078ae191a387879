"""Languages and directions: codes, names, and what other libraries call them.

Codes are BCP 47 (`de`, `zh-Hant`, `pt-BR`). Those of ISO 639-2 and 639-3 (`ger`, `deu`), of FLORES and NLLB
(`zho_Hant`), those that were replaced (`iw`) and English names are read as well. Names and aliases are those
of CLDR, through Babel.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from itertools import permutations
from typing import Self

from babel import Locale
from babel.core import get_global

from ontarget.errors import UserError, nearest
from ontarget.subtags import Subtags, english_names, scripts_of, usual_script

# What lid.176 prints where it does not print the code's own first part (fastText labels are ISO 639-1/3).
_FASTTEXT_LABEL = {"nb": "no", "fil": "tl"}

# Two codes of one written language; both are in use, so each keeps its name ("Norwegian Bokmål").
_SAME_AS = {"no": "nb", "tl": "fil"}


@cache
def _names_in(tag: str) -> Mapping[str, str]:
    """Language code of CLDR -> name; Babel alone would read the tag again for every prompt."""
    names: Mapping[str, str] = Locale.parse(tag, sep="-").languages
    return names


@cache
def _scripts_in(tag: str) -> Mapping[str, str]:
    names: Mapping[str, str] = Locale.parse(tag, sep="-").scripts
    return names


def code_of(value: object) -> str:
    """The code that plain data has: who reads YAML 1.1 gets Norwegian's `no` as false."""
    return "no" if value is False else str(value)


@dataclass(frozen=True, slots=True, order=True)
class Language:
    """A language by its code: `Language("ro").name("it") == "rumeno"`.

    Languages are equal whatever they are called: `Language("eng_Latn") == Language("en")`,
    `Language("nb") == Language("no")`.

    Attributes:
        code: BCP 47, as short as it can be: a script that is the usual one is dropped (`zh` for `zho_Hans`).
        written: what the user wrote, which may stand in the names of files.

    Raises:
        UserError: CLDR knows no such language, region, script or variant; the message has the nearest codes.
    """

    code: str = field(compare=False)
    written: str = field(default="", compare=False, repr=False, kw_only=True)
    _known_by: str = field(init=False, repr=False)
    _named_script: str | None = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.code, str):
            raise UserError(f"a language is a code such as 'de', not {self.code!r}")
        subtags = Subtags.parse(self.code)
        if subtags is None:
            raise UserError(_unknown(self.code))
        object.__setattr__(self, "written", self.written or self.code)
        object.__setattr__(self, "code", subtags.tag())
        object.__setattr__(self, "_known_by", subtags.tag(_SAME_AS.get(subtags.primary)))
        object.__setattr__(self, "_named_script", subtags.script)

    def name(self, language: "Language | str" = "en") -> str:
        """The language's name, in `language`, in the nominative; the code where CLDR has none (`gom`).

        `Language("cs").name("de") == "Tschechisch"`. A script that is not the usual one is said, as prompts
        must tell it from the other: `zh-TW` is Traditional Chinese, `sr-Latn` is Serbian (Latin).
        """
        known = _names_in(str(language))
        full = "_".join(filter(None, (self.primary, self._named_script, self.region)))
        unusual = self.script if self.script != usual_script(self.primary) else None
        tags = (full, self.code.replace("-", "_"), f"{self.primary}_{unusual}")
        if found := next((known[tag] for tag in tags if tag in known), None):
            return found
        plain = known.get(self.primary) or english_names().get(self.primary, self.code)
        script = _scripts_in(str(language)).get(unusual or "")
        return f"{plain} ({script})" if script else plain

    @property
    def primary(self) -> str:
        """The code's first part: `zh` of `zh-Hant`."""
        return self.code.split("-")[0]

    @property
    def region(self) -> str | None:
        """The region that the code names: `BR` of `pt-BR`."""
        return next((part for part in self.code.split("-")[1:] if part.isupper() or len(part) == 3), None)

    @property
    def script(self) -> str | None:
        """The script that the code names, or else the usual one: `Hant` of `zh-TW`, `Hans` of `zh`."""
        return (
            self._named_script or usual_script(f"{self.primary}_{self.region}") or usual_script(self.primary)
        )

    @property
    def scripts(self) -> frozenset[str]:
        """The scripts that answer a request for this language; empty where CLDR does not say.

        A script or region that was named decides: `zh-TW` is `Hant`, `srp_Cyrl` is `Cyrl`. Without, it is
        every script in which CLDR writes the language: `sr` is `Cyrl` or `Latn`, `zh` is `Hans` or `Hant`.
        """
        if self._named_script or self.region:
            return frozenset({self.script} if self.script else ())
        return scripts_of(self.primary)

    def covers(self, other: "Language") -> bool:
        """Whether text in `other` is text in this language: `pt` covers `pt-BR`, `zh-Hant` covers `zh-TW`."""
        return (
            self._known_by.split("-")[0] == other._known_by.split("-")[0]
            and (self.region is None or self.region == other.region)
            and (not self._names_one_script or self.script == other.script)
        )

    @property
    def _names_one_script(self) -> bool:
        return self._named_script is not None or self.region is not None

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

    def __post_init__(self) -> None:
        for side in (self.source, self.target):
            if not isinstance(side, Language):
                raise UserError(f"a direction is between two languages, such as Language('de'), not {side!r}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads `it-nl`, and `zh-Hant-en` too.

        The hyphen that leaves two known languages is the one between them. Where several do, it is the one
        that gives the text back: `sv-FI-fi` is from sv-FI into fi, since a direction into fi-FI says so.
        """
        if not isinstance(text, str):
            raise UserError(f"a direction is a text such as 'it-nl', not {text!r}")
        parts = text.split("-")
        found = []
        for cut in range(1, len(parts)):
            try:
                found.append(cls(Language("-".join(parts[:cut])), Language("-".join(parts[cut:]))))
            except UserError:
                continue
        if found:
            return next((direction for direction in found if str(direction) == text), found[0])
        unknown = next((p for p in parts if p not in english_names()), text)
        raise UserError(f"'{text}' is no direction such as it-nl{_hint(unknown)}")

    @property
    def sides(self) -> tuple[Language, Language]:
        """Both languages, the source first."""
        return self.source, self.target

    @property
    def written(self) -> str:
        """The direction in the codes that the user wrote, which may stand in the names of files."""
        return f"{self.source.written}-{self.target.written}"

    @property
    def reverse(self) -> "Direction":
        """The way back."""
        return Direction(self.target, self.source)

    def __str__(self) -> str:
        return f"{self.source}-{self.target}"


def directions_between(languages: Iterable[Language]) -> list[Direction]:
    """Every direction from one of the languages into another."""
    return [Direction(source, target) for source, target in permutations(languages, 2)]


def _unknown(code: str) -> str:
    first = re.split("[-_ ]", code)[0]
    if len(code) > len(first) and (language := Subtags.parse(first)):
        return (
            f"unknown language {code!r}: '{first}' is {english_names().get(language.primary, first)}, but "
            f"'{code[len(first) + 1 :]}' is not a script, a region or a variant"
        )
    return f"unknown language {code!r}{_hint(code)}"


def apart(languages: Sequence[Language]) -> tuple[Language, ...]:
    """The languages, each with its script named where the list means several scripts of one language.

    `[zh, zh-TW]` are simplified and traditional Chinese, although `zh` alone may be either.
    """
    made = []
    for language in languages:
        others = {one.script for one in languages if one.primary == language.primary} - {language.script}
        if others and language.script and language.code == language.primary:
            code = f"{language.primary}-{language.script}"
            language = Language(code, written=language.written)
        made.append(language)
    return tuple(made)


def meant(language: Language) -> str:
    """What may have been meant by a language that is not known somewhere, to end a message with.

    `se` is Northern Sami, and may be meant for Sweden's Swedish; `dee` is a language that CLDR has no name
    for, and may be a slip.
    """
    return of_country(language.primary) or (
        _hint(language.primary) if language.name() == language.code else ""
    )


def of_country(code: str) -> str:
    """The language of a country, to end a message with: `cz` is Czechia, where Czech (`cs`) is meant."""
    spoken: str = get_global("likely_subtags").get(f"und_{code.upper()}", "").split("_")[0]
    if len(code) != 2 or spoken == code or spoken not in english_names():
        return ""
    country = Locale("en").territories.get(code.upper(), "")
    where = f", spoken in {country} ({code.upper()})" if country else ""
    return f"; did you mean {spoken} ({english_names()[spoken]}){where}?"


def _hint(word: str) -> str:
    """Codes for a code, and the codes of names for a name: `Germn` is as likely a slip as `dd`."""
    if country := of_country(word):
        return country
    if len(word) <= 3:
        return nearest(word, [code for code in english_names() if len(code) == 2])
    by_name = {name.lower(): f"{code} ({name})" for code, name in english_names().items()}
    close = get_close_matches(word.lower(), by_name, n=2, cutoff=0.7)
    return f"; did you mean {' or '.join(by_name[name] for name in close)}?" if close else ""
