"""Labels for languages: `__label__fr` in lid.176, `__label__fra_Latn` in GlotLID, OpenLID and NLLB."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from functools import cache

from babel.core import get_global

from ontarget.languages import Language
from ontarget.scoring.language_id.scripts import letters_of
from ontarget.subtags import ISO_639_3

UNDETERMINED = "und"  # BCP 47: the identifier cannot tell
_NO_LANGUAGE = {UNDETERMINED, "zxx", "mis", "mul", ""}

_PREFIX = "__label__"
_NLLB_STYLE = re.compile(r"([a-z]{3})_([A-Z][a-z]{3})")

# Other codes of the same language. Most Norwegian text is Bokmål, which lid.176 labels `no`; the target
# Norwegian also accepts Nynorsk.
_ALSO_CALLED = {
    "nb": {"no"},
    "no": {"nb", "nn"},
    "fil": {"tl"},
    "tl": {"fil"},
}


def plain_labels(raw: Iterable[str]) -> dict[str, str]:
    """Maps the raw labels of an identifier to the BCP 47 codes used in guesses.

    `__label__fr` and `__label__fra_Latn` become `fr`; `cmn_Hani` becomes `zh` by CLDR's aliases. The script
    is kept if the identifier has several for the language: `zho_Hans` and `zho_Hant` become `zh-Hans` and
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
    """`fr` for `fra`, `zh` for `cmn`; `prs` is kept, since its alias has a region: `fa_AF`."""
    alias: str = get_global("language_aliases").get(iso_639_3, iso_639_3)
    return ISO_639_3.get(iso_639_3) or (iso_639_3 if "_" in alias else alias)


def labels_of(language: Language, labels: Collection[str]) -> frozenset[str]:
    """The labels of an identifier that stand for `language`; empty if the identifier does not know it.

    Scripts and regions are compared only if both the language and the label name one: `zh-Hant` matches
    `zh-Hant` and `zh`, but not `zh-Hans`; `pt-BR` matches `pt` and `pt-BR`, but not `pt-PT`.
    """
    names = {language.primary, language.fasttext_label} | _ALSO_CALLED.get(language.primary, set())
    return frozenset(label for label in labels if _matches(label, names, language))


def _matches(label: str, names: set[str], language: Language) -> bool:
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
    """Whether a label names no language: `und`, GlotLID's `zxx` and `und-Mong`, or an empty label."""
    return label.split("-")[0] in _NO_LANGUAGE
