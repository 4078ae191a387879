"""The fields of requests in DeepL's API: their values, and which of them make no difference here."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from ontarget.documents.glossary import Glossary
from ontarget.errors import excerpt
from ontarget.serving.failure import wrong
from ontarget.serving.glossaries import KeptDictionary
from ontarget.serving.service import TranslationService

Formality = Literal["", "default", "more", "less", "prefer_more", "prefer_less"]

# Here, all formatting stays, and characters are always counted.
_FULFILLED = frozenset({"preserve_formatting", "show_billed_characters", "tag_handling_version"})
# These stand for something that a client believes to be on the server.
_ABSENT = {"style_id": "style rules", "translation_memory_id": "translation memories"}


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _separated(value: Any) -> Any:
    """Names in a list, or with commas between them, as forms have them."""
    listed = _as_list(value)
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
        return listed
    return [name.strip() for one in listed for name in one.split(",") if name.strip()]


def _as_text(value: Any) -> Any:
    return str(int(value)) if isinstance(value, bool | int) else value


Names = Annotated[list[str], BeforeValidator(_separated)]
"""Names in a list, or with commas between them."""


class GlossaryFields(BaseModel):
    """The languages of a request, its glossaries, and what it requires."""

    source_lang: str | None = Field(
        None, description="Language of the source; without it, it is identified.", examples=["IT"]
    )
    target_lang: str = Field(description="Language to translate into.", examples=["FR", "EN-GB"])
    glossary_id: str | None = Field(None, description="ID of a glossary for these two languages.")
    glossary_ids: Names = Field([], max_length=5, description="The same for several glossaries.")
    formality: Formality = Field("default", description="Makes no difference.")
    strict: bool = Field(False, description="Whether an off-target translation is an error.")

    async def glossary(self, http: Request, service: TranslationService) -> Glossary | None:
        """The glossary of the request, if it names one. Of several, the first with a term has precedence.

        Raises:
            Failure: there is no such glossary, or it is for other languages.
        """
        ids = [self.glossary_id] if self.glossary_id else self.glossary_ids
        if not ids:
            return None
        if self.glossary_id and self.glossary_ids:
            raise wrong("the request has both glossary_id and glossary_ids; send one of them")
        if not self.source_lang:
            raise wrong("a glossary needs source_lang, the language of its terms", "no_source_language")
        owner = service.keys.client(http).name
        sides = service.offered.named(self.source_lang), service.offered.named(self.target_lang)
        found = [service.glossaries.get(id, owner).between(*sides) for id in ids]
        return await run_in_threadpool(_joined, found)  # which takes time at the first use of a large one


class TextFields(GlossaryFields):
    """The body of `POST /v2/translate`; fields that make no difference are named in the reply."""

    text: Annotated[list[str], BeforeValidator(_as_list)] = Field(
        min_length=1, description="The texts.", examples=[["Buongiorno"]]
    )
    tag_handling: Literal["", "xml", "html"] = Field("", description="Whether the texts have tags.")
    ignore_tags: Names = Field([], description="XML elements whose contents stay.")
    split_sentences: Annotated[Literal["0", "1", "nonewlines"] | None, BeforeValidator(_as_text)] = Field(
        None,
        description="1: a line break ends a sentence; nonewlines: it does not; 0: lines are not divided.",
    )


def _joined(found: Sequence[KeptDictionary]) -> Glossary:
    if len(found) == 1:
        return found[0].glossary
    entries = dict(pair for one in reversed(found) for pair in one.entries)
    return Glossary(tuple(entries.items()))


def without_effect(given: Mapping[str, Any], fields: type[BaseModel]) -> list[str]:
    """The names of fields that were sent, but make no difference.

    Raises:
        Failure: one of them names something that this server does not have.
    """
    for name, what in _ABSENT.items():
        if given.get(name):
            raise wrong(f"this server has no {what}; omit {name}", f"no_{name}")
    effective = fields.model_fields.keys() - {"formality"} | _FULFILLED
    return sorted(
        excerpt(name) for name in given.keys() - effective if given[name] not in ("", "default", [])
    )
