"""What the catalogue knows of a corpus: the schema of corpora.yaml, and which files a corpus has."""

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
        file: its place below the data folder.
        address: where it comes from, or the archive that it is in; None: it is made by hand.
        member: the end of its path in that archive; None: it is no archive.
        format: how its lines are read.
    """

    file: str
    address: str | None
    member: str | None
    format: Format


class _Block(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class File(_Block):
    """Templates of an Item; what may stand in them is said in corpora.yaml."""

    file: str
    address: str | None = None
    member: str | None = None


class Texts(_Block):
    """Files that are aligned: `text` over all languages, or `source` with `target` in one direction."""

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


class Entry(_Block):
    """A corpus of the catalogue."""

    name: str
    about: str
    languages: tuple[str, ...] = ()
    codes: dict[str, str] = Field({}, description="language -> what the corpus calls it")
    size: str | None = Field(None, description="of what is downloaded")
    home: str
    at: str = ""
    terms: str = Field(description="the licence in a few words, for lists")
    licence: str
    citation: str
    made: str | None = Field(None, description="how its files are made, where no address serves them")
    good_for: str
    traps: tuple[str, ...] = ()
    sets: dict[str, tuple[Texts, ...]] = {}
    splits: dict[str, str] = Field(
        {}, description="train, validation, test -> the set that usually serves as it"
    )

    def known_languages(self) -> list[Language]:
        """Those that it is listed with; none for an entry that leaves them to whoever asks."""
        return [Language(code) for code in self.languages or self.codes]

    def texts(self, name: str) -> Sequence[Texts]:
        """A set of it.

        Raises:
            UserError: it has none of that name.
        """
        if name not in self.sets:
            hint = nearest(name, self.sets) or f"; it has {', '.join(self.sets) or 'none of its own'}"
            raise UserError(f"corpus '{self.name}' has no set '{name}'{hint}")
        return self.sets[name]

    def languages_of(self, texts: Texts, wanted: Sequence[Language]) -> list[Language]:
        """Those of the wanted languages that a set may have."""
        known = [Language(code) for code in texts.languages or ()] or self.known_languages()
        return [language for language in wanted if language in known or not known]

    def directions_of(self, texts: Texts, wanted: Sequence[Direction]) -> list[Direction]:
        """Those of the wanted directions that a set of pairs may have."""
        if texts.directions is not None:
            there = {Direction.parse(direction) for direction in texts.directions}
            return [direction for direction in wanted if direction in there]
        known = self.languages_of(texts, [side for d in wanted for side in d.sides])
        return [d for d in wanted if d.source in known and d.target in known]

    def text(self, texts: Texts, language: Language) -> Item:
        """The file of one language of a set that is aligned over all."""
        assert texts.text is not None
        return self._item(texts, texts.text, self._words(language))

    def pair(self, texts: Texts, direction: Direction) -> tuple[Item, Item]:
        """The two files of a direction of a set of pairs."""
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
        """Every file of it in those languages, those of the sets of other corpora that it uses included."""
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
        """The code that the entry has for a language: its files of `no` may be called `nb`."""
        return next((str(one) for one in self.known_languages() if one == language), str(language))

    def _code(self, language: Language) -> str:
        listed = self._listed(language)
        return self.codes.get(listed, listed)


def names() -> list[str]:
    """All entries; `opus` stands for any corpus of OPUS."""
    return list(_data())


def entry(name: str) -> Entry:
    """The entry of a corpus: `multi30k`, or of OPUS with its version `opus/Europarl/v8`.

    Raises:
        UserError: there is none.
    """
    opus = _OPUS.fullmatch(name)
    if opus:
        return _entry(name, _replaced(_data()["opus"], {"corpus": opus[1], "version": opus[2]}))
    if name == "opus" or name.startswith("opus/"):
        raise UserError(f"'{name}' needs a corpus and its version, such as opus/Europarl/v8")
    if name not in _data():
        hint = nearest(name, _data()) or f"; there are {', '.join(_data())}"
        raise UserError(f"there is no corpus '{name}' in the catalogue{hint}")
    return _entry(name, _data()[name])


def template() -> Entry:
    """The entry that stands for all of OPUS, with `{corpus}` and `{version}` in it."""
    return _entry("opus", _data()["opus"])


def set_of(reference: str) -> tuple[str, str]:
    """What `devtest` (of the corpus itself), `flores200:devtest` or `sacrebleu:wmt22` names: corpus, set."""
    if reference.startswith(SCHEME):
        return SCHEME, reference.removeprefix(SCHEME)
    corpus, _, name = reference.rpartition(":")
    return corpus, name


def check_names(name: str, chosen: Iterable[str]) -> None:
    """Looks up a corpus and sets chosen of it, or of others; nothing is read but the catalogue.

    Raises:
        UserError: there is no such corpus or set.
    """
    own = entry(name)
    for corpus, of in map(set_of, chosen):
        if corpus != SCHEME:
            (entry(corpus) if corpus else own).texts(of)


@cache
def served() -> dict[str, str]:
    """File (below the data folder) -> SHA-256 of what its address serves, where that is known."""
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
