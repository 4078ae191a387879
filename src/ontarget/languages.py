"""Languages and directions: their codes, names and labels in other libraries.

Codes are BCP 47 (`de`, `zh-Hant`, `pt-BR`). Other codes are converted: ISO 639-2 and 639-3 (`ger`, `deu`),
FLORES and NLLB (`zho_Hant`), replaced codes (`iw`), and English names. Names and aliases are from CLDR,
through Babel.
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

from ontarget.errors import UserError, excerpt, nearest
from ontarget.subtags import Subtags, english_names, looks_like_direction, scripts_of, usual_script

# Labels of lid.176 (ISO 639-1 or 639-3) that differ from the primary part of the code.
_FASTTEXT_LABEL = {"nb": "no", "fil": "tl"}

# Two codes of the same written language; both are in use, so each keeps its own name ("Norwegian Bokmål").
_SAME_AS = {"no": "nb", "tl": "fil"}


# Code, script and the language of the name -> the name, which the prompt of each sample needs several times.
_NAMES: dict[tuple[str, str | None, str], str] = {}


@cache
def _names_in(tag: str) -> Mapping[str, str]:
    """Language code of CLDR -> name; cached, since Babel would parse the tag again for every prompt."""
    names: Mapping[str, str] = Locale.parse(tag, sep="-").languages
    return names


@cache
def _scripts_in(tag: str) -> Mapping[str, str]:
    names: Mapping[str, str] = Locale.parse(tag, sep="-").scripts
    return names


class UnknownLanguage(UserError):
    """A code that is not that of a language.

    Attributes:
        problem: the message without a hint, for a caller who knows which languages may be meant.
    """

    def __init__(self, problem: str, hint: str = "") -> None:
        self.problem = problem
        super().__init__(f"{problem}{hint}")


def code_of(value: object) -> str:
    """The code in plain data; YAML 1.1 reads Norwegian's `no` as false."""
    return "no" if value is False else str(value)


@dataclass(frozen=True, slots=True, order=True)
class Language:
    """A language by its code: `Language("ro").name("it") == "rumeno"`.

    Different codes of the same language are equal: `Language("eng_Latn") == Language("en")`,
    `Language("nb") == Language("no")`.

    Attributes:
        code: the shortest BCP 47 code, without a usual script (`zh` for `zho_Hans`).
        written: the code as the user wrote it, which may be part of file names.

    Raises:
        UnknownLanguage: CLDR does not know the language, region, script or variant; the message has the
            nearest codes.
        UserError: the code looks like a direction (`en-de`).
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
            raise _unknown(self.code)
        if looks_like_direction(self.code):
            raise UserError(_one_of_a_direction(self.code, subtags))
        object.__setattr__(self, "written", self.written or self.code)
        object.__setattr__(self, "code", subtags.tag())
        object.__setattr__(self, "_known_by", subtags.tag(_SAME_AS.get(subtags.primary)))
        object.__setattr__(self, "_named_script", subtags.script)

    def name(self, language: "Language | str" = "en") -> str:
        """The language's name in `language`, in the nominative; the code if CLDR has no name (`gom`).

        `Language("cs").name("de") == "Tschechisch"`. An unusual script is part of the name, since prompts
        must distinguish it: `zh-TW` is Traditional Chinese, `sr-Latn` is Serbian (Latin).
        """
        key = self.code, self._named_script, str(language)  # equal languages may have different names
        if key not in _NAMES:
            _NAMES[key] = self._find_name(str(language))
        return _NAMES[key]

    def _find_name(self, language: str) -> str:
        known = _names_in(language)
        full = "_".join(filter(None, (self.primary, self._named_script, self.region)))
        unusual = self.script if self.script != usual_script(self.primary) else None
        tags = (full, self.code.replace("-", "_"), f"{self.primary}_{unusual}")
        if found := next((known[tag] for tag in tags if tag in known), None):
            return found
        plain = known.get(self.primary) or english_names().get(self.primary, self.code)
        script = _scripts_in(language).get(unusual or "")
        return f"{plain} ({script})" if script else plain

    @property
    def primary(self) -> str:
        """The first part of the code: `zh` in `zh-Hant`."""
        return self.code.split("-")[0]

    @property
    def region(self) -> str | None:
        """The region in the code: `BR` in `pt-BR`."""
        return next((part for part in self.code.split("-")[1:] if part.isupper() or len(part) == 3), None)

    @property
    def script(self) -> str | None:
        """The script in the code, or else the usual one: `Hant` for `zh-TW`, `Hans` for `zh`."""
        return (
            self._named_script or usual_script(f"{self.primary}_{self.region}") or usual_script(self.primary)
        )

    @property
    def scripts(self) -> frozenset[str]:
        """The accepted scripts of this language; empty if CLDR does not know them.

        A script or region in the code decides: `zh-TW` has `Hant`, `srp_Cyrl` has `Cyrl`. Otherwise all
        scripts in which CLDR writes the language are accepted: `sr` has `Cyrl` and `Latn`, `zh` has `Hans`
        and `Hant`.
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
        """The label of fastText's lid.176 for this language, without `__label__`."""
        return _FASTTEXT_LABEL.get(self.primary, self.primary)

    @property
    def sacrebleu_tokenizer(self) -> str:
        """The tokenizer that sacreBLEU recommends for this target language."""
        return {"zh": "zh", "ja": "ja-mecab", "ko": "ko-mecab"}.get(self.primary, "13a")

    def __str__(self) -> str:
        return self.code


@dataclass(frozen=True, slots=True, order=True)
class Direction:
    """A translation direction from one language to another: `Direction.parse("it-nl")`."""

    source: Language
    target: Language

    def __post_init__(self) -> None:
        for side in (self.source, self.target):
            if not isinstance(side, Language):
                raise UserError(f"a direction is between two languages, such as Language('de'), not {side!r}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parses `it-nl`, and also `zh-Hant-en`.

        The text is split at the hyphen that leaves two known languages. If several do, the split whose codes
        give the same text is chosen: `sv-FI-fi` is from sv-FI into fi, since fi-FI would be written in full.

        Raises:
            UserError: no split leaves two known languages; the message has the nearest codes.
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
        raise UserError(f"'{text}' is not a direction such as it-nl{hint_at(unknown)}")

    @property
    def sides(self) -> tuple[Language, Language]:
        """Both languages, the source first."""
        return self.source, self.target

    @property
    def written(self) -> str:
        """The direction with the codes as the user wrote them, which may be part of file names."""
        return f"{self.source.written}-{self.target.written}"

    @property
    def reverse(self) -> "Direction":
        """The opposite direction."""
        return Direction(self.target, self.source)

    def __str__(self) -> str:
        return f"{self.source}-{self.target}"


def directions_between(languages: Iterable[Language]) -> list[Direction]:
    """Every direction from one of the languages into another."""
    return [Direction(source, target) for source, target in permutations(languages, 2)]


def _one_of_a_direction(code: str, subtags: Subtags) -> str:
    first, second = re.split("[-_]", code.strip())
    return (
        f"'{code}' looks like a direction; give one language, '{first}' or '{second}' "
        f"(if you mean the region, write '{first}-{subtags.region}')"
    )


def _unknown(code: str) -> UnknownLanguage:
    first = re.split("[-_ ]", code)[0]
    if len(code) > len(first) and (language := Subtags.parse(first)):
        return UnknownLanguage(
            f"unknown language {excerpt(repr(code))}: '{first}' is "
            f"{english_names().get(language.primary, first)}, but "
            f"'{excerpt(code[len(first) + 1 :])}' is not a script, a region or a variant"
        )
    return UnknownLanguage(f"unknown language {excerpt(repr(code))}", hint_at(code))


def apart(languages: Sequence[Language]) -> tuple[Language, ...]:
    """The languages, with their scripts in the code if the list has several scripts of one language.

    `[zh, zh-TW]` becomes simplified and traditional Chinese, although `zh` alone may be either.
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
    """A hint for the end of a message about an unsupported language, with the language that may be meant.

    `se` is Northern Sami, but the user may mean Swedish, the language of Sweden (SE). `dee` is a language
    without a name in CLDR, and may be a misspelling.
    """
    return of_country(language.primary) or (
        hint_at(language.primary) if language.name() == language.code else ""
    )


def of_country(code: str) -> str:
    """A hint for a code of a country: `cz` is Czechia, so Czech (`cs`) may be meant; else empty."""
    spoken: str = get_global("likely_subtags").get(f"und_{code.upper()}", "").split("_")[0]
    if len(code) != 2 or spoken == code or spoken not in english_names():
        return ""
    country = Locale("en").territories.get(code.upper(), "")
    where = f", spoken in {country} ({code.upper()})" if country else ""
    return f"; did you mean {spoken} ({english_names()[spoken]}){where}?"


def hint_at(word: str, known: Mapping[str, str] | None = None) -> str:
    """A hint with the nearest codes, for a misspelt code (`dd`) or a misspelt name (`Germn`).

    Args:
        word: the code or name.
        known: English names of the languages that may be meant, by code; default: all of CLDR.
    """
    names = english_names() if known is None else known
    if known is None and (country := of_country(word)):
        return country
    if len(word) <= 3:
        return nearest(word, [code for code in names if len(code) == 2])
    by_name = {name.lower(): f"{code} ({name})" for code, name in names.items()}
    close = get_close_matches(word.lower(), by_name, n=2, cutoff=0.7)
    return f"; did you mean {' or '.join(by_name[name] for name in close)}?" if close else ""
