"""Parses language codes into subtags in their usual form, by CLDR: aliases, scripts, regions, variants."""

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from babel import Locale
from babel.core import get_global
from babel.localedata import locale_identifiers

ISO_639_3 = {"tgl": "tl", "hbs": "sh", "pbt": "ps", "quy": "qu", "twi": "tw"}
"""Codes whose ISO 639-1 code, or that of their macrolanguage, differs from CLDR's aliases."""
_LONGEST_CODE = 3  # letters of a primary subtag
_KEPT = 4096  # codes whose parts are remembered, since each prompt and direction asks for them


@cache
def english_names() -> dict[str, str]:
    """Every language code in CLDR with two or three letters -> its English name."""
    return {
        code: name
        for code, name in Locale("en").languages.items()
        if code.isalpha() and len(code) <= _LONGEST_CODE
    }


@cache
def _by_english_name() -> dict[str, str]:
    """English name in CLDR -> code, for names that are not codes themselves: `portuguese` -> `pt`."""
    return {
        name.lower(): code
        for code, name in Locale("en").languages.items()
        if len(name) > _LONGEST_CODE and code == _usual_code(code)
    }


@lru_cache(_KEPT)
def usual_script(tag: str) -> str | None:
    """The usual script in CLDR of a language (`sr`), or of a language in a region (`zh_TW`)."""
    likely: str = get_global("likely_subtags").get(tag, "")
    return next((part for part in likely.split("_") if len(part) == 4), None)


@cache
def scripts_of(primary: str) -> frozenset[str]:
    """Every script in which CLDR writes a language; empty if CLDR does not know it."""
    parts = {
        part for tag in locale_identifiers() if tag.startswith(f"{primary}_") for part in tag.split("_")[1:2]
    }
    scripts = {part for part in (*parts, usual_script(primary)) if part and len(part) == 4}
    return frozenset(scripts - {"Latn"} if primary == "zh" else scripts)  # `zh` does not mean pinyin


def _usual_code(primary: str) -> str:
    """`de` for `deu`, `he` for `iw`: the code that replaces a code without a name in CLDR."""
    usual: str = ISO_639_3.get(primary) or get_global("language_aliases").get(primary, primary)
    if usual == primary or primary in english_names():
        return primary
    # Identifiers have labels for some languages that CLDR counts as part of another: `gom` of `kok`.
    return usual if len(usual.split("_")[0]) == 2 else primary


def _is_language(primary: str) -> bool:
    """Whether CLDR has a name, another code or a script for a code."""
    return re.fullmatch("[a-z]{2,3}", primary) is not None and (
        primary in get_global("likely_subtags")
        or primary in get_global("language_aliases")
        or primary in english_names()  # last, since names take longest to load
    )


def looks_like_direction(code: str) -> bool:
    """Whether a code such as `en-de` probably means a direction, not a language in a region.

    By convention regions are written in upper case (`en-DE`). A region in lower case counts if its code is
    not also a language (`de-at`), or if the first language is official there and the second is not the
    region's own: `pt-br`, `fr-ca` and `zh-tw` are languages, although `br`, `ca` and `tw` are, too.
    """
    parts = re.fullmatch("([a-z]{2,3})[-_]([a-z]{2})", code.strip())
    if parts is None:
        return False
    first, second = parts.groups()
    first, region = _usual_code(first).split("_")[0], second.upper()
    if first == second or second not in english_names():
        return False
    spoken = get_global("territory_languages").get(region, {})
    official = {
        tag.split("_")[0]
        for tag, known in spoken.items()
        if known["official_status"] in ("official", "de_facto_official")
    }
    own: str = get_global("likely_subtags").get(f"und_{region}", "")
    return first not in official or own.split("_")[0] == second


@dataclass(frozen=True, slots=True)
class Subtags:
    """The parts of a language code in their usual form, by CLDR."""

    primary: str
    script: str | None = None
    region: str | None = None
    variants: tuple[str, ...] = ()

    @classmethod
    @lru_cache(_KEPT)
    def parse(cls, code: str) -> "Subtags | None":
        """Parses a code with any separators and capitals, or an English name; None if a part is invalid."""
        if len(code.strip()) > _LONGEST_CODE:
            code = _by_english_name().get(code.strip().lower(), code)
        # A POSIX locale has an encoding: `zh_TW.UTF-8`.
        first, *rest = re.split("[-_ ]", re.sub(r"(?i)\.utf-?8$", "", code.strip()))
        primary, *implied = _usual_code(first.lower()).split("_")  # `fa_AF` for prs
        script = next((part for part in implied if len(part) == 4), None)
        region = next((part for part in implied if len(part) < 4), None)
        if not _is_language(primary):
            return None
        if not rest:
            return cls(primary, script, region)
        english = Locale("en")
        if rest[0].title() in english.scripts:
            script = rest.pop(0).title()
        if rest and (found := _region(rest[0])):
            region = found
            rest.pop(0)
        variants = {known.lower() for known in english.variants}
        if any(part.lower() not in variants for part in rest):
            return None
        return cls(primary, script, region, tuple(part.lower() for part in rest))

    @property
    def usual_script(self) -> str | None:
        """The script of text if the code does not name one: `Hant` for `zh-TW`."""
        alias: str = get_global("language_aliases").get(self.primary, "")  # `ak` for `tw`
        tags = (f"{self.primary}_{self.region}", self.primary, alias)
        return next((script for tag in tags if (script := usual_script(tag))), None)

    def tag(self, primary: str | None = None) -> str:
        """The code without a usual script; `primary` replaces its first part."""
        script = None if self.script == self.usual_script else self.script
        return "-".join(filter(None, (primary or self.primary, script, self.region, *self.variants)))


def _region(part: str) -> str | None:
    """A region that CLDR knows, or its successor (`GB` for `UK`), else None."""
    region = part.upper()
    known = Locale("en").territories
    if region == "ZZ" or len(region) not in (2, 3):  # ZZ: unknown
        return None
    if region not in known and len(region) == 2:
        successors: list[str] = get_global("territory_aliases").get(region, [])
        region = successors[0] if len(successors) == 1 else region
    return region if region in known else None
