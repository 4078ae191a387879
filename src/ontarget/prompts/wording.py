"""Reads the words of prompts in one language from `texts/<language>.yaml`."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

import yaml

from ontarget.languages import Direction, Language
from ontarget.subtags import usual_script

_FOLDER = resources.files("ontarget.prompts") / "texts"
ENGLISH = Language("en")


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of each template's parts in one prompt language.

    Attributes:
        language: the prompt language.
        templates: template name -> part (`instruction`, ...) -> its words, with {from} and {to}.
        sources: language code, or `other`, -> the words for {from}: `dall'inglese`.
        targets: language code, or `other`, -> the words for {to}: `all'olandese`.
    """

    language: Language
    templates: Mapping[str, Mapping[str, str]]
    sources: Mapping[str, str]
    targets: Mapping[str, str]

    def parts(
        self, words: str | Mapping[str, str], direction: Direction, names_of: Mapping[str, str] | None = None
    ) -> dict[str, str]:
        """Part -> words for one direction, formatted from our own text only, never from users' text.

        Args:
            words: the name of a template in `texts/`, or the parts themselves.
            direction: fills in {from} and {to} in inflected form, {source} and {target} in dictionary form,
                and the codes {source_code} and {target_code}; these six are among the parts, too.
            names_of: language code -> name in dictionary form, where it differs from CLDR's.
        """
        known = names_of or {}
        of_template = self.templates[words] if isinstance(words, str) else words
        names = {
            "from": self._named(self.sources, direction.source),
            "to": self._named(self.targets, direction.target),
            "source": self._name(known, direction.source),
            "target": self._name(known, direction.target),
            "source_code": str(direction.source),
            "target_code": str(direction.target),
        }
        return names | {part: text.format(**names) for part, text in of_template.items()}

    def _name(self, known: Mapping[str, str], language: Language) -> str:
        own = known.get(str(language))
        if own is None and language.script != usual_script(language.primary):  # zh-TW is written as zh-Hant
            own = known.get(f"{language.primary}-{language.script}")
        return own or language.name(self.language)

    def _named(self, table: Mapping[str, str], language: Language) -> str:
        return table.get(str(language), table["other"]).format(name=language.name(self.language))


@cache
def wording(language: Language) -> Wording:
    """The wording in `language`; `de-AT` uses that of `de`, and languages without texts use English."""
    code = text_language(language, prompt_languages())
    content = yaml.safe_load((_FOLDER / f"{code}.yaml").read_text(encoding="utf-8"))
    return Wording(Language(code), content["templates"], content["from"], content["to"])


@cache
def prompt_languages() -> tuple[str, ...]:
    """The codes of the languages that have prompt texts, in alphabetical order."""
    return tuple(sorted(f.name.removesuffix(".yaml") for f in _FOLDER.iterdir() if f.name.endswith(".yaml")))


def text_language(language: Language, there: Collection[str]) -> str:
    """The code, of those in `there`, that is used for prompts in `language`: its own, or else English.

    Codes with the same script come first: `zh-TW` and `zh-HK` use `zh-Hant`.
    """
    own = (str(language), f"{language.primary}-{language.script}", language.primary)
    return next((code for code in own if code in there), str(ENGLISH))
