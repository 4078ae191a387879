"""The words of the prompts in one language, read from `texts/<language>.yaml`."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

import yaml

from ontarget.errors import UserError
from ontarget.languages import Direction, Language

_FOLDER = resources.files("ontarget.prompts") / "texts"


@dataclass(frozen=True, slots=True)
class Wording:
    """What the parts of each template say in one prompt language.

    Attributes:
        language: the prompt language.
        templates: template name -> part (`instruction`, ...) -> its words, with {from} and {to}.
        sources: language code, or `other`, -> the words for {from}: `dall'inglese`.
        targets: the same for {to}: `all'olandese`.
    """

    language: Language
    templates: Mapping[str, Mapping[str, str]]
    sources: Mapping[str, str]
    targets: Mapping[str, str]

    def parts(self, template: str, direction: Direction) -> dict[str, str]:
        """Part -> words for one direction. All of it is ours: nothing of the user's is formatted."""
        names = {
            "from": self._named(self.sources, direction.source),
            "to": self._named(self.targets, direction.target),
        }
        return {part: words.format(**names) for part, words in self.templates[template].items()}

    def _named(self, table: Mapping[str, str], language: Language) -> str:
        return table.get(str(language), table["other"]).format(name=language.name(self.language))


@cache
def wording(language: Language) -> Wording:
    """The wording in `language`; that of `de` serves `de-AT`.

    Raises:
        UserError: there is no file for the language; the message names those that exist.
    """
    codes = prompt_languages()
    code = next((c for c in (str(language), str(language).split("-")[0]) if c in codes), None)
    if code is None:
        raise UserError(
            f"there are no prompt texts in {language.name()} ({language}): ask in one of {', '.join(codes)}, "
            f"or add prompts/texts/{language}.yaml"
        )
    content = yaml.safe_load((_FOLDER / f"{code}.yaml").read_text(encoding="utf-8"))
    return Wording(language, content["templates"], content["from"], content["to"])


@cache
def prompt_languages() -> tuple[str, ...]:
    """The codes of the languages that have prompt texts, in alphabetical order."""
    return tuple(sorted(f.name.removesuffix(".yaml") for f in _FOLDER.iterdir() if f.name.endswith(".yaml")))
