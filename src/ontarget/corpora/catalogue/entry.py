"""An entry of the catalogue: the schema of corpora.yaml, and the files of a corpus."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from ontarget.corpora.sacrebleu_sets import SCHEME
from ontarget.errors import UserError, nearest
from ontarget.languages import Direction, Language, directions_between

Format = Literal["plain", "iwslt-tags", "iwslt-xml"]

_OPUS = re.compile(r"opus/([\w.-]+)/([\w.-]+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Item:
    """One file of a corpus.

    Attributes:
        file: its path below the data folder.
        address: the URL of the file, or of the archive that contains it; None if the file is made by hand.
        member: the end of its path in the archive; None if there is no archive.
        format: the format of its lines.
    """

    file: str
    address: str | None
    member: str | None
    format: Format


class _StrictModel(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class File(_StrictModel):
    """Templates of an Item; corpora.yaml describes their placeholders."""

    file: str
    address: str | None = None
    member: str | None = None


class Texts(_StrictModel):
    """Aligned files: `text` for all languages, or `source` and `target` in one direction."""

    languages: tuple[str, ...] | None = None
    directions: tuple[str, ...] | None = None
    format: Format = "plain"
    text: File | None = None
    source: File | None = None
    target: File | None = None

    @model_validator(mode="after")
    def _aligned_or_pairwise(self) -> Self:
        if (self.text is None) == (self.source is None) or (self.source is None) != (self.target is None):
            raise ValueError("give either text, or source and target")
        return self


class Entry(_StrictModel):
    """A corpus of the catalogue."""

    name: str
    about: str
    languages: tuple[str, ...] = ()
    codes: dict[str, str] = Field({}, description="language -> the corpus's own code for it")
    size: str | None = Field(None, description="size of the download")
    home: str
    at: str = ""
    terms: str = Field(description="the licence in a few words, for lists")
    licence: str
    citation: str
    made: str | None = Field(None, description="how to make its files, if no URL serves them")
    good_for: str
    traps: tuple[str, ...] = ()
    sets: dict[str, tuple[Texts, ...]] = {}
    splits: dict[str, str] = Field(
        {}, description="train, validation, test -> the set that is usually used for it"
    )

    def known_languages(self) -> list[Language]:
        """The listed languages; empty for an entry without a fixed list."""
        return [Language(code) for code in self.languages or self.codes]

    def texts(self, name: str) -> Sequence[Texts]:
        """The files of a set.

        Raises:
            UserError: the corpus has no set of that name.
        """
        if name not in self.sets:
            hint = nearest(name, self.sets) or f"; it has {', '.join(self.sets) or 'none of its own'}"
            raise UserError(f"corpus '{self.name}' has no set '{name}'{hint}")
        return self.sets[name]

    def languages_of(self, texts: Texts, wanted: Sequence[Language]) -> list[Language]:
        """The wanted languages that a set may have."""
        known = [Language(code) for code in texts.languages or ()] or self.known_languages()
        return [language for language in wanted if language in known or not known]

    def directions_of(self, texts: Texts, wanted: Sequence[Direction]) -> list[Direction]:
        """The wanted directions that a set of pairs may have."""
        if texts.directions is not None:
            there = {Direction.parse(direction) for direction in texts.directions}
            return [direction for direction in wanted if direction in there]
        known = self.languages_of(texts, [side for d in wanted for side in d.sides])
        return [d for d in wanted if d.source in known and d.target in known]

    def text(self, texts: Texts, language: Language) -> Item:
        """The file of one language in a set that is aligned over all languages."""
        assert texts.text is not None
        return self._item(texts, texts.text, self._words(language))

    def pair(self, texts: Texts, direction: Direction) -> tuple[Item, Item]:
        """The two files of a direction in a set of pairs."""
        assert texts.source is not None
        assert texts.target is not None
        source, target = map(self._listed, direction.sides)
        codes = [self._code(side) for side in direction.sides]
        words = {
            "source": source,
            "target": target,
            "pair": f"{source}-{target}",
            "reverse": f"{target}-{source}",
            "sorted": "-".join(sorted([source, target])),
            "source_code": codes[0],
            "target_code": codes[1],
            "sorted_codes": "-".join(sorted(codes)),
        }
        return (
            self._item(texts, texts.source, words | self._words(direction.source)),
            self._item(texts, texts.target, words | self._words(direction.target)),
        )

    def items(self, languages: Sequence[Language]) -> list[Item]:
        """All files of the corpus in these languages, including sets of other corpora that it uses."""
        found = [item for name in self.sets for item in self._items(name, languages)]
        for other, name in map(set_of, self.splits.values()):
            if other not in ("", SCHEME):
                found += entry(other)._items(name, languages)
        return list({item.file: item for item in found}.values())

    def _items(self, name: str, languages: Sequence[Language]) -> Iterator[Item]:
        directions = directions_between(languages)
        for texts in self.texts(name):
            if texts.text:
                yield from (self.text(texts, language) for language in self.languages_of(texts, languages))
            else:
                for direction in self.directions_of(texts, directions):
                    yield from self.pair(texts, direction)

    def _item(self, texts: Texts, file: File, words: dict[str, str]) -> Item:
        address = file.address and _filled(file.address, words)
        return Item(
            file=_filled(file.file, words),
            address=self.at + address if address and "://" not in address else address,
            member=file.member and _filled(file.member, words),
            format=texts.format,
        )

    def _words(self, language: Language) -> dict[str, str]:
        return {"language": self._listed(language), "code": self._code(language)}

    def _listed(self, language: Language) -> str:
        """The entry's own code for a language: files for `no` may be named `nb`."""
        return next((str(one) for one in self.known_languages() if one == language), str(language))

    def _code(self, language: Language) -> str:
        listed = self._listed(language)
        return self.codes.get(listed, listed)


def names() -> list[str]:
    """All entries; `opus` stands for any corpus of OPUS."""
    return list(_data())


def entry(name: str) -> Entry:
    """The entry of a corpus: `multi30k`, or for OPUS with its version, `opus/Europarl/v8`.

    Raises:
        UserError: there is no such corpus.
    """
    opus = _OPUS.fullmatch(name)
    if opus:
        return _entry(name, _replaced(_data()["opus"], {"corpus": opus[1], "version": opus[2]}))
    if name == "opus" or name.startswith("opus/"):
        raise UserError(f"'{name}' needs a corpus and its version, such as opus/Europarl/v8")
    if name not in _data():
        hint = nearest(name, _data()) or f"; choose from {', '.join(_data())}"
        raise UserError(f"there is no corpus '{name}' in the catalogue{hint}")
    return _entry(name, _data()[name])


def template() -> Entry:
    """The entry for all corpora of OPUS, with the placeholders `{corpus}` and `{version}`."""
    return _entry("opus", _data()["opus"])


def set_of(reference: str) -> tuple[str, str]:
    """Corpus and set of a reference: `flores200:devtest`, `sacrebleu:wmt22`, or only a set, `devtest`."""
    if reference.startswith(SCHEME):
        return SCHEME, reference.removeprefix(SCHEME)
    corpus, _, name = reference.rpartition(":")
    return corpus, name


def check_names(name: str, chosen: Iterable[str]) -> None:
    """Checks that a corpus and the chosen sets exist in the catalogue, without reading their files.

    Raises:
        UserError: there is no such corpus or set.
    """
    own = entry(name)
    for corpus, of in map(set_of, chosen):
        if corpus != SCHEME:
            (entry(corpus) if corpus else own).texts(of)


@cache
def served() -> dict[str, str]:
    """File (below the data folder) -> SHA-256 of the content served by its URL, if known."""
    text = (files(__package__) / "served.sha256").read_text(encoding="utf-8")
    return {file: digest for digest, file in (line.split("  ", 1) for line in text.splitlines())}


@cache
def _data() -> dict[str, dict[str, Any]]:
    text = (files(__package__) / "corpora.yaml").read_text(encoding="utf-8")
    data: dict[str, dict[str, Any]] = yaml.safe_load(text)
    return data


def _entry(name: str, data: dict[str, Any]) -> Entry:
    sets = {key: value if isinstance(value, list) else [value] for key, value in data.get("sets", {}).items()}
    return Entry.model_validate({"name": name, **data, "sets": sets})


def _replaced(value: Any, words: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _replaced(inner, words) for key, inner in value.items()}
    if isinstance(value, list):
        return [_replaced(inner, words) for inner in value]
    return _filled(value, words) if isinstance(value, str) else value


def _filled(text: str, words: dict[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda match: words.get(match[1], match[0]), text)
