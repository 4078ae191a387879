"""Glossaries that clients keep on the server: in memory, or also in a folder that outlives it."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Self
from uuid import uuid4

from ontarget.documents.glossary import Glossary
from ontarget.errors import UserError, counted
from ontarget.files import write_json
from ontarget.languages import Direction, Language
from ontarget.serving.failure import Failure, wrong
from ontarget.text import is_empty
from ontarget.translation.system import Terms

EntriesFormat = Literal["tsv", "csv"]

_MOST = 1000  # glossaries of a client
_MOST_CHARACTERS = 10_000_000  # of all of them
_CONTROL = frozenset(map(chr, [*range(32), *range(128, 160), 0x2028, 0x2029]))


@dataclass(frozen=True)
class KeptDictionary:
    """The terms of a glossary in one direction.

    Attributes:
        direction: the languages of the terms and of their translations.
        entries: each term with its translation.
    """

    direction: Direction
    entries: Terms

    @cached_property
    def glossary(self) -> Glossary:
        """Finds its terms in texts."""
        return Glossary(self.entries)

    def fits(self, source: Language, target: Language) -> bool:
        """Whether it is for a translation between these languages; a region makes no difference."""
        pairs = zip(self.direction.sides, (source, target), strict=True)
        return all(side.covers(other) or other.covers(side) for side, other in pairs)


@dataclass(frozen=True)
class KeptGlossary:
    """A glossary of a client.

    Attributes:
        id: its name in requests, which nobody can guess.
        name: the name that the client gave it.
        dictionaries: its terms; each has another direction.
        created: when.
        owner: the name of the client's API key; empty if the server has no keys.
    """

    id: str
    name: str
    dictionaries: tuple[KeptDictionary, ...]
    created: datetime
    owner: str = ""

    @property
    def characters(self) -> int:
        """The number of characters of its entries."""
        entries = (pair for one in self.dictionaries for pair in one.entries)
        return sum(len(term) + len(translation) for term, translation in entries)

    def between(self, source: Language, target: Language) -> KeptDictionary:
        """The dictionary for a translation between two languages.

        Raises:
            Failure: its dictionaries are for others.
        """
        fitting = [one for one in self.dictionaries if one.fits(source, target)]
        exact = [one for one in fitting if one.direction == Direction(source, target)]
        for one in (*exact, *fitting):
            return one
        known = ", ".join(in_words(one.direction) for one in self.dictionaries)
        message = (
            f"the translation is {in_words(Direction(source, target))}, but the glossary "
            f"{f'is {known}' if known else 'has no dictionary'}; choose another glossary, or none"
        )
        raise wrong(message, "wrong_glossary")

    def having(self, *dictionaries: KeptDictionary) -> Self:
        """The glossary with these dictionaries in the place of those of the same directions."""
        new = {one.direction: one for one in (*self.dictionaries, *dictionaries)}
        return replace(self, dictionaries=tuple(new.values()))

    def to_dict(self) -> dict[str, Any]:
        """The glossary as plain data, for its file."""
        return {
            "id": self.id,
            "name": self.name,
            "dictionaries": [
                {
                    "source": str(one.direction.source),
                    "target": str(one.direction.target),
                    "entries": [list(pair) for pair in one.entries],
                }
                for one in self.dictionaries
            ],
            "created": self.created.isoformat(),
            "owner": self.owner,
        }

    @classmethod
    def of_dict(cls, data: dict[str, Any]) -> Self:
        """The glossary that `to_dict` wrote, also before a glossary had several dictionaries."""
        return cls(
            str(data["id"]),
            str(data["name"]),
            tuple(
                KeptDictionary(
                    Direction(Language(one["source"]), Language(one["target"])),
                    tuple((str(term), str(translation)) for term, translation in one["entries"]),
                )
                for one in data.get("dictionaries", [data])
            ),
            datetime.fromisoformat(data["created"]),
            str(data["owner"]),
        )


def in_words(direction: Direction) -> str:
    """A direction in words, such as `from German (de) into French (fr)`."""
    source, target = (f"{one.name()} ({one})" for one in direction.sides)
    return f"from {source} into {target}"


class GlossaryStore:
    """The glossaries of all clients. Each client sees only its own.

    Args:
        folder: where each glossary has a file; None: they are in memory alone, until the server ends.
    Raises:
        UserError: the folder cannot be used, or a file in it is broken.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        found = sorted(_read(folder), key=lambda one: one.created) if folder is not None else []
        self._known = {one.id: one for one in found}

    def create(self, name: str, dictionaries: Sequence[KeptDictionary], owner: str) -> KeptGlossary:
        """Keeps a new glossary.

        Raises:
            Failure: the client has too many, or they are too large.
        """
        return self.put(KeptGlossary(str(uuid4()), name, tuple(dictionaries), datetime.now(UTC), owner))

    def put(self, one: KeptGlossary) -> KeptGlossary:
        """Keeps a glossary in the place of the one with its ID.

        Raises:
            Failure: the client has too many, or they are too large.
        """
        all_of_client = [*(each for each in self.of(one.owner) if each.id != one.id), one]
        if len(all_of_client) > _MOST or sum(each.characters for each in all_of_client) > _MOST_CHARACTERS:
            message = (
                f"a client has at most {_MOST:,} glossaries, of {_MOST_CHARACTERS:,} characters together; "
                "delete one first"
            )
            raise wrong(message, "too_many_glossaries")
        if self._folder is not None:
            write_json(self._file(one.id), one.to_dict(), private=True)
        self._known[one.id] = one
        return one

    def of(self, owner: str) -> Sequence[KeptGlossary]:
        """The glossaries of a client, oldest first."""
        return sorted(
            (one for one in self._known.values() if one.owner == owner), key=lambda one: one.created
        )

    def get(self, id: str, owner: str) -> KeptGlossary:
        """A glossary of a client.

        Raises:
            Failure: the client has no such glossary.
        """
        one = self._known.get(id)
        if one is None or one.owner != owner:
            raise Failure(404, "unknown_glossary", "there is no glossary with this ID; GET lists yours")
        return one

    def delete(self, id: str, owner: str) -> None:
        """Forgets a glossary.

        Raises:
            Failure: the client has no such glossary.
        """
        del self._known[self.get(id, owner).id]
        if self._folder is not None:
            self._file(id).unlink(missing_ok=True)

    def _file(self, id: str) -> Path:
        assert self._folder is not None
        return self._folder / f"{id}.json"  # an ID of ours, not text of a user


def _read(folder: Path) -> list[KeptGlossary]:
    found, file = list[KeptGlossary](), folder
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for file in sorted(folder.glob("*.json")):
            found.append(KeptGlossary.of_dict(json.loads(file.read_text(encoding="utf-8"))))
    except OSError as error:
        raise UserError(f"'{file}' cannot be used for glossaries: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, UserError):
        raise UserError(f"'{file}' is not a glossary of this server; move it to another folder") from None
    return found


def entries_of(text: str, format: EntriesFormat, direction: Direction) -> Terms:
    """The entries of a glossary, one in each line: a term and its translation.

    Args:
        text: the lines.
        format: how the two are separated. A line of CSV may also name their languages.
        direction: the languages of the glossary.
    Raises:
        Failure: there are none, or a line is wrong.
    """
    entries = dict[str, str]()
    for number, columns in enumerate(_rows(text, format), 1):
        cells = [cell.strip() for cell in columns]
        if cells in ([], [""]):
            continue
        if len(cells) == 4 and format == "csv":
            _check_languages(cells[2:], direction, number)
            cells = cells[:2]
        if len(cells) != 2:
            message = f"entry {number} has {counted(len(cells), 'column')}, not a term and its translation"
            raise wrong(message, "invalid_entries")
        if any(is_empty(cell) or not _CONTROL.isdisjoint(cell) for cell in cells):
            raise wrong(f"entry {number} has an empty term or a control character", "invalid_entries")
        if cells[0] in entries:
            raise wrong(f"entry {number} has a term of an entry before it again", "invalid_entries")
        entries[cells[0]] = cells[1]
    if not entries:
        raise wrong("the glossary has no entries; send a term and its translation in each line", "no_entries")
    return tuple(entries.items())


def _rows(text: str, format: EntriesFormat) -> Iterable[Sequence[str]]:
    if format == "tsv":
        return [line.removesuffix("\r").split("\t") for line in text.split("\n")]
    try:
        return list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise wrong(f"the entries are not valid CSV: {error}", "invalid_entries") from None


def _check_languages(codes: Sequence[str], direction: Direction, number: int) -> None:
    try:
        languages = [Language(code) for code in codes]
    except UserError as error:
        raise wrong(f"entry {number}: {error}", "invalid_entries") from None
    if [one.primary for one in languages] != [one.primary for one in direction.sides]:
        message = f"entry {number} is for other languages than the glossary, which is {in_words(direction)}"
        raise wrong(message, "invalid_entries")
