"""The replies in DeepL's API for the OpenAPI schema."""

from typing import Any, Literal

from pydantic import BaseModel

from ontarget.serving.replies import VerdictReply


class TranslationReply(BaseModel):
    """A translation; `terms_missing` are terms of the glossary that it lacks."""

    detected_source_language: str
    text: str
    billed_characters: int
    on_target: bool
    verdict: VerdictReply
    terms_missing: dict[str, list[str]] | None = None


class TranslationsReply(BaseModel):
    """The reply of `POST /v2/translate`; `ignored` are the fields that made no difference."""

    translations: list[TranslationReply]
    ignored: list[str] | None = None


class GlossaryReply(BaseModel):
    """A glossary without its entries."""

    glossary_id: str
    name: str
    ready: bool
    source_lang: str
    target_lang: str
    creation_time: str
    entry_count: int


class GlossariesReply(BaseModel):
    """The reply of `GET /v2/glossaries`."""

    glossaries: list[GlossaryReply]


class DictionaryReply(BaseModel):
    """A direction of a glossary, without its entries."""

    source_lang: str
    target_lang: str
    entry_count: int


class MultilingualReply(BaseModel):
    """A glossary of any number of directions."""

    glossary_id: str
    name: str
    creation_time: str
    dictionaries: list[DictionaryReply]


class MultilingualsReply(BaseModel):
    """The reply of `GET /v3/glossaries`."""

    glossaries: list[MultilingualReply]


class EntriesReply(BaseModel):
    """The entries of one direction."""

    source_lang: str
    target_lang: str
    entries: str
    entries_format: Literal["tsv"]


class DictionariesReply(BaseModel):
    """The reply of `GET /v3/glossaries/{id}/entries`."""

    dictionaries: list[EntriesReply]


class PairReply(BaseModel):
    """A direction."""

    source_lang: str
    target_lang: str


class PairsReply(BaseModel):
    """The reply of `/v2/glossary-language-pairs`."""

    supported_languages: list[PairReply]


class UploadReply(BaseModel):
    """The reply of `POST /v2/document`: what to ask for the translation with, and fields without effect."""

    document_id: str
    document_key: str
    ignored: list[str] | None = None


class DocumentReply(BaseModel):
    """How far a document is; `report` has the numbers of verdicts of one that is done."""

    document_id: str
    status: Literal["queued", "translating", "done", "error"]
    billed_characters: int | None = None
    error_message: str | None = None
    report: dict[str, Any] | None = None
