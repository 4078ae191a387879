"""Where the text of a recipe comes from."""

from collections.abc import Mapping
from itertools import chain
from typing import Annotated, Literal, Self

from pydantic import (
    BeforeValidator,
    Field,
    NonNegativeInt,
    PlainSerializer,
    PositiveInt,
    field_validator,
    model_validator,
)

from ontarget.corpora.catalogue.entry import check_names
from ontarget.languages import Language, code_of
from ontarget.recipes.schema.block import Block, mistakes


def _language(value: object) -> Language:
    if isinstance(value, Language):
        return value
    with mistakes():
        return Language(code_of(value))


Code = Annotated[Language, BeforeValidator(_language), PlainSerializer(lambda language: language.written)]


class Phrasebook(Block):
    """The corpus that ontarget generates, without a download."""

    tuples: PositiveInt = Field(20_000, description="number of aligned sentences in the train split")
    seed: int = Field(1, description="random seed of the generator")


class Plain(Block):
    """Line-aligned text files, may be gzipped: `{language}` is replaced by a code, `$NAME` by a variable."""

    train: str | None = Field(None, description="path of the train split, with `{language}`")
    validation: str | None = Field(None, description="path of the validation split, with `{language}`")
    test: str | None = Field(None, description="path of the test split, with `{language}`")

    @field_validator("train", "validation", "test")
    @classmethod
    def _one_file_a_language(cls, path: str | None) -> str | None:
        if path is not None and "{language}" not in path:
            raise ValueError("write {language} in place of the language code in the file name")
        return path


Paths = Annotated[
    tuple[str, ...], BeforeValidator(lambda given: [given] if isinstance(given, str) else given)
]
Column = Annotated[str, BeforeValidator(str)]  # by name, or by its number


class Files(Block):
    """Files of any supported format, recognised by their content: see corpora/files.py."""

    train: Paths = Field((), description="path or list of paths of the train split")
    validation: Paths = Field((), description="path or list of paths of the validation split")
    test: Paths = Field((), description="path or list of paths of the test split")
    format: Literal["tsv", "csv", "jsonl", "parquet", "tmx"] | None = Field(
        None, description="format of all files; default: recognised by content"
    )
    columns: dict[Column, Code] | None = Field(
        None,
        min_length=2,
        description="language of each column, by name or number, or of each record key; default: by their "
        "names",
    )

    @field_validator("columns")
    @classmethod
    def _one_column_a_language(cls, columns: dict[str, Language] | None) -> dict[str, Language] | None:
        chosen: dict[Language, str] = {}
        for column, language in (columns or {}).items():
            if (other := chosen.setdefault(language, column)) != column:
                raise ValueError(f"'{other}' and '{column}' are both {language}; choose one of them")
            if column.isdecimal() and not int(column):
                raise ValueError("columns are numbered from 1")
        return columns

    def splits(self) -> dict[str, tuple[str, ...]]:
        """The splits that have files."""
        all_splits = {"train": self.train, "validation": self.validation, "test": self.test}
        return {split: paths for split, paths in all_splits.items() if paths}


class Catalogue(Block):
    """A corpus of the catalogue, with its default splits or other sets.

    `test: test_2017_flickr` is a set of the same corpus, `test: flores200:devtest` a set of another one.
    `train` may be several sets.
    """

    name: str = Field(description="name of the corpus, such as `multi30k` or `opus/Europarl/v8`")
    train: str | tuple[str, ...] | None = Field(
        None, description="set, or list of sets, for the train split; default: that of the corpus"
    )
    validation: str | None = Field(
        None, description="set for the validation split; default: that of the corpus"
    )
    test: str | None = Field(None, description="set for the test split; default: that of the corpus")

    @model_validator(mode="after")
    def _known(self) -> Self:
        with mistakes():
            check_names(self.name, chain.from_iterable(self.chosen().values()))
        return self

    def chosen(self) -> dict[str, tuple[str, ...]]:
        """Split -> sets, for splits that differ from the default."""
        said = self.model_dump(exclude={"name"}, exclude_none=True)
        return {split: (sets,) if isinstance(sets, str) else sets for split, sets in said.items()}


class SacreBleu(Block):
    """Test sets by sacreBLEU's names, such as `wmt22` or `wmt20/tworefs`, the first reference of each."""

    validation: str | None = Field(None, description="test set to use as validation split")
    test: str | None = Field(None, description="test set, such as `wmt22`")


class Everyday(Block):
    """The sixty everyday sentences that ship with ontarget: few, so only for tests."""

    validation: NonNegativeInt = Field(
        0,
        description="number of sentences at the beginning that are the validation split, not the test split",
    )


class SingleSource(Block):
    """One source of parallel text: exactly one of the keys."""

    phrasebook: Phrasebook | None = Field(
        None, description="text that ontarget generates, without a download"
    )
    plain: Plain | None = Field(None, description="line-aligned text files, one for each language")
    files: Files | None = Field(None, description="files of any supported format")
    catalogue: Catalogue | None = Field(None, description="a corpus of the catalogue")
    sacrebleu: SacreBleu | None = Field(None, description="test sets of sacreBLEU")
    everyday: Everyday | None = Field(
        None,
        description="sixty everyday sentences that ship with ontarget, for tests only, in English, German, "
        "French, Italian, Dutch, Romanian, Czech and Spanish",
        exclude_if=lambda value: value is None,
    )

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        known = type(self).model_fields
        if sum(getattr(self, key) is not None for key in known) != 1:
            raise ValueError(f"give exactly one of {', '.join(known)}")
        return self

    def names(self, split: str) -> bool:
        """Whether the recipe names the source of a split."""
        if self.everyday and split == "test":
            return True
        return any(getattr(getattr(self, key), split, None) for key in type(self).model_fields)


class CorpusSource(SingleSource):
    """The source of the parallel text: exactly one of the keys."""

    first_available: tuple[SingleSource, ...] | None = Field(
        None,
        min_length=2,
        description="several sources, of which the first that is on this machine, and has all directions, is "
        "used; the recipe of a run names it",
        exclude_if=lambda value: value is None,
    )

    def names(self, split: str) -> bool:
        """Whether the recipe names the source of a split, or one of several sources does."""
        return super().names(split) or any(source.names(split) for source in self.first_available or ())


class HoldOut(Block):
    """Numbers of segments to move from each part of the train split: see corpora/held_out.py."""

    validation: NonNegativeInt = Field(
        0, description="number of segments from each part of the train split for the validation split"
    )
    test: NonNegativeInt = Field(
        0, description="number of segments from each part of the train split for the test split"
    )

    @model_validator(mode="after")
    def _takes_something(self) -> Self:
        if not self.numbers():
            raise ValueError("give a number of segments for `test` or `validation`")
        return self

    def numbers(self) -> Mapping[str, int]:
        """Split -> number of segments, without zeros."""
        return {split: number for split, number in self.model_dump().items() if number}
