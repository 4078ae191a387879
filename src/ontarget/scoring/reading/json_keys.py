"""Finds the key of a JSON record that holds a text: the hypothesis, the reference or the source."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ontarget.corpora.rows import language_called
from ontarget.errors import UserError, nearest
from ontarget.languages import Language

Role = Literal["hypothesis", "reference", "source"]

KNOWN: dict[Role, Sequence[str]] = {
    "hypothesis": (
        "predict",  # LLaMA-Factory
        "prediction",
        "hypothesis",
        "hyp",
        "translation",
        "translation_text",  # pipelines of transformers
        "mt",  # COMET
        "text",  # ontarget
        "output",
        "response",  # ms-swift
        "generated_text",
        "completion",  # the Language Confusion Benchmark
    ),
    "reference": ("reference", "ref", "label", "labels", "target"),
    "source": ("source", "src"),
}
OPTION: dict[Role, str] = {
    "hypothesis": "--key",
    "reference": "--reference-key",
    "source": "--source-key",
}
_PAIR = "translation"  # in records of the Hugging Face hub: {"translation": {"en": ..., "de": ...}}
_SHORT = 40


@dataclass(frozen=True, slots=True)
class Wanted:
    """Describes the texts to read from a file.

    Attributes:
        role: hypothesis, reference or source.
        language: the language of the texts, if known; a key may be named after it.
        keys: the keys that the user names, of which each file has one; if empty, a known key is used.
        alone: whether the keys are meant for a single file, so that they cannot be for another one.
    """

    role: Role
    language: Language | None = None
    keys: Sequence[str] = ()
    alone: bool = False

    @property
    def option(self) -> str:
        """The option that names a key."""
        return OPTION[self.role]


def reader_of(wanted: Wanted) -> Callable[[Any, str], str]:
    """A function from a record and its place to its text. The first record decides the key for all.

    The function raises UserError if the key is unclear, is missing in a record, or its value is not text.
    """
    chosen: list[str] = []

    def read(record: Any, where: str) -> str:
        if isinstance(record, str):
            return record
        if not isinstance(record, Mapping):
            raise UserError(f"{where} is {_kind(record)}; write an object with the {wanted.role} as text")
        if not chosen:
            chosen.append(_key(record, where, wanted))
        found, text = _inside(record, chosen[0])
        if not found:
            raise UserError(f"{where}: no key '{chosen[0]}'; its keys are {_listed(record)}")
        if not isinstance(text, str):
            remedy = f"choose another key with {wanted.option} NAME; its keys are {_listed(record)}"
            remedy = f'write "" for an empty text, or {remedy}' if text is None else remedy
            raise UserError(f"{where}: '{chosen[0]}' is {_kind(text)}, not text; {remedy}")
        return text

    return read


def _key(record: Mapping[str, Any], where: str, wanted: Wanted) -> str:
    if wanted.keys:
        found = [key for key in wanted.keys if _inside(record, key)[0]]
        if not found:
            hint = nearest(wanted.keys[0], _names(record)) or f"; its keys are {_listed(record)}"
            raise UserError(f"{where}: no key {' or '.join(map(repr, wanted.keys))}{hint}")
    else:
        found = [key for key in KNOWN[wanted.role] if key in record and not _is_pair(record, key)]
        found = found or _called(record, wanted.language)
    if len(found) == 1:
        return found[0]
    several = f"each of {' and '.join(map(repr, found))} may be the {wanted.role}"
    raise UserError(
        f"{where}: {several if found else f'no key is known as the {wanted.role}'}; choose one with "
        f"{wanted.option} NAME; its keys are {_listed(record)}"
    )


def _called(record: Mapping[str, Any], language: Language | None) -> list[str]:
    """Keys named after the language, in a record or its `translation`, if another language has a key as well.

    A single key such as `id` does not mean Indonesian.
    """
    inner = _PAIR if _is_pair(record, _PAIR) else ""
    languages = {
        key: found for key in (record[inner] if inner else record) if (found := language_called(key))
    }
    if len(languages) < 2:
        return []
    return [f"{inner}.{key}" if inner else key for key, found in languages.items() if found == language]


def _is_pair(record: Mapping[str, Any], key: str) -> bool:
    return key == _PAIR and isinstance(record.get(key), Mapping)


def _inside(record: Mapping[str, Any], key: str) -> tuple[bool, Any]:
    """Whether a record has a key, and its value; `translation.de` is a key within a key."""
    if key in record:
        return True, record[key]
    here: Any = record
    for part in key.split("."):
        if not isinstance(here, Mapping) or part not in here:
            return False, None
        here = here[part]
    return True, here


def _names(record: Mapping[str, Any]) -> list[str]:
    """The keys that may hold text, `translation.de` for a key within a key."""
    names = []
    for key, value in record.items():
        names += [f"{key}.{inner}" for inner in value] if isinstance(value, Mapping) else [key]
    return names


def _listed(record: Mapping[str, Any]) -> str:
    names = [name if len(name) <= _SHORT else f"{name[:_SHORT]}…" for name in _names(record)]
    names = [name if name.isprintable() and name else repr(name) for name in names]
    return ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "") or "none"


def _kind(value: Any) -> str:
    """The type of a value by its JSON name."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list):
        return "a list"
    return f"{'the text' if isinstance(value, str) else 'the number'} {value!r:.40}"
