"""What identifiers call languages: `__label__fr` (lid.176), `__label__fra_Latn` (GlotLID, OpenLID, NLLB)."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from functools import cache

from babel.core import get_global

from ontarget.languages import Language
from ontarget.scoring.language_id.scripts import letters_of
from ontarget.subtags import ISO_639_3

UNDETERMINED = "und"  # BCP 47: an identifier looked and could not tell
_NO_LANGUAGE = {UNDETERMINED, "zxx", "mis", "mul", ""}

_PREFIX = "__label__"
_NLLB_STYLE = re.compile(r"([a-z]{3})_([A-Z][a-z]{3})")

# Codes under which one language goes. Bokmål is most of Norwegian, and what lid.176 calls `no`; who asks for
# Norwegian gets it with Nynorsk, too.
_ALSO_CALLED = {
    "nb": {"no"},
    "no": {"nb", "nn"},
    "fil": {"tl"},
    "tl": {"fil"},
}


def plain_labels(raw: Iterable[str]) -> dict[str, str]:
    """What an identifier prints -> the BCP 47 code that guesses carry.

    `__label__fr` is `fr`; `__label__fra_Latn` too, and `cmn_Hani` is `zh`, by CLDR's aliases. The script
    stays where the identifier tells a language's scripts apart: `zho_Hans`, `zho_Hant` are `zh-Hans`,
    `zh-Hant`.
    """
    labels = {label: label.removeprefix(_PREFIX) for label in raw}
    scripts: dict[str, set[str]] = defaultdict(set)
    split = {label: parts for label, name in labels.items() if (parts := _NLLB_STYLE.fullmatch(name))}
    for language, script in (parts.groups() for parts in split.values()):
        scripts[_code(language)].add(script)
    for label, parts in split.items():
        code = _code(parts[1])
        labels[label] = f"{code}-{parts[2]}" if len(scripts[code]) > 1 else code
    return labels


@cache
def _code(iso_639_3: str) -> str:
    """`fr` for `fra`, `zh` for `cmn`; not for `prs`, whose alias has a region: `fa_AF`."""
    alias: str = get_global("language_aliases").get(iso_639_3, iso_639_3)
    return ISO_639_3.get(iso_639_3) or (iso_639_3 if "_" in alias else alias)


def labels_of(language: Language, labels: Collection[str]) -> frozenset[str]:
    """Those of an identifier's labels that mean `language`; none where it does not know it.

    A script or region decides only where both the request and the label name one: `zh-Hant` is answered by
    `zh-Hant` and by `zh`, not by `zh-Hans`; `pt-BR` by `pt` and by `pt-BR`, not by `pt-PT`.
    """
    names = {language.primary, language.fasttext_label} | _ALSO_CALLED.get(language.primary, set())
    return frozenset(label for label in labels if _answers(label, names, language))


def _answers(label: str, names: set[str], language: Language) -> bool:
    primary, *subtags = label.replace("_", "-").split("-")
    if primary not in names:
        return False
    script = next((part for part in subtags if len(part) == 4), None)
    region = next((part for part in subtags if len(part) < 4), None)
    return (
        script is None or not language.scripts or script in language.scripts | letters_of(language.scripts)
    ) and (region is None or language.region is None or region == language.region)


@cache
def is_undetermined(label: str) -> bool:
    """Whether a label says no language: `und`, GlotLID's `zxx` and `und-Mong`, or nothing at all."""
    return label.split("-")[0] in _NO_LANGUAGE
