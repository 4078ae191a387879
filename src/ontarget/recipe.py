"""What to do: the schema of a recipe. `recipes/load.py` finds one, and explains what is wrong with it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, PlainSerializer, PositiveInt, field_validator, model_validator

from ontarget.errors import UserError, nearest
from ontarget.languages import Direction, Language
from ontarget.recipes.block import Block, Count, Name
from ontarget.recipes.stages import LanguageAware, Stage
from ontarget.recipes.systems import DecodingSettings, SystemSettings, fill_in_systems, list_systems
from ontarget.samples.conflict import Conflict, check_conflicts
from ontarget.samples.draw import supervised_directions, zero_shot_directions


def _language(value: object) -> Language:
    if isinstance(value, Language):
        return value
    try:
        return Language("no" if value is False else str(value))  # YAML 1.1 reads Norwegian's code as false
    except UserError as error:
        raise ValueError(str(error)) from None


Code = Annotated[Language, BeforeValidator(_language), PlainSerializer(str)]


class Phrasebook(Block):
    """The corpus that the project makes itself; no download."""

    tuples: PositiveInt = Field(20_000, description="aligned sentences of the train split")
    seed: int = 1


class Plain(Block):
    """Line-aligned text files, gz or not: `{language}` stands for a code, `$NAME` is the shell's variable."""

    train: str | None = None
    validation: str | None = None
    test: str | None = None

    @field_validator("train", "validation", "test")
    @classmethod
    def _one_file_a_language(cls, path: str | None) -> str | None:
        if path is not None and "{language}" not in path:
            raise ValueError("write {language} where the file's name has the language's code")
        return path


class CorpusSource(Block):
    """Where parallel text comes from: exactly one of its keys."""

    phrasebook: Phrasebook | None = None
    plain: Plain | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.phrasebook is None) == (self.plain is None):
            raise ValueError("give exactly one of phrasebook and plain")
        return self


class Recipe(Block):
    """One experiment: text, stages, systems, and how they are compared."""

    name: Name = Field(description="also the name of its run directory")
    about: str = ""
    seed: int = 1
    languages: tuple[Code, ...] = Field(min_length=2)
    pivot: Code
    corpus: CorpusSource
    template: str = "plain"
    split: Literal["validation", "test"] = "test"
    test_lines: Count = 100
    model: str | None = None
    stages: dict[Name, Stage] = Field(default_factory=dict)
    systems: dict[Name, SystemSettings]
    decoding: DecodingSettings = DecodingSettings()
    versions: dict[str, str] = Field({}, description="written by `ontarget run`, never read by it")
    commit: str | None = Field(None, description="written by `ontarget run`, never read by it")

    @model_validator(mode="before")
    @classmethod
    def _fill_in_systems(cls, data: Any) -> Any:
        return fill_in_systems(list_systems(data)) if isinstance(data, Mapping) else data

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if len(set(self.languages)) < len(self.languages):
            raise ValueError("'languages' names a language twice")
        if self.pivot not in self.languages:
            raise ValueError(
                f"'pivot' is {self.pivot}, not one of `languages`: {', '.join(map(str, self.languages))}"
            )
        if self.stages and self.model:
            raise ValueError(
                "'model' is for recipes without stages; a stage's `from` takes a directory or Hub name"
            )
        self.stage_order()
        for name, stage in self.stages.items():
            if (
                isinstance(stage, LanguageAware) and stage.conflict.policy != "confusion"
            ):  # that reads a run first
                self._check_conflicts(name, stage.conflict.conflict())
        for name, system in self.systems.items():
            if system.model is not None:
                self._check_model(system.model, f"systems.{name}.model")
        return self

    @property
    def supervised(self) -> list[Direction]:
        """Directions with the pivot as a side: what the stages are tuned on."""
        return supervised_directions(self.languages, self.pivot)

    @property
    def zero_shot(self) -> list[Direction]:
        """Directions without the pivot: what no stage is tuned on."""
        return zero_shot_directions(self.languages, self.pivot)

    def stage_order(self) -> list[str]:
        """The stages, each after the one that it starts from, otherwise as the recipe lists them."""
        order: list[str] = []

        def visit(name: str, path: tuple[str, ...]) -> None:
            if name in path:
                circle = " -> ".join((*path[path.index(name) :], name))
                raise ValueError(f"'stages.{name}.from' closes a circle: {circle}; let one start elsewhere")
            start = self.stages[name].start
            if start in self.stages:
                visit(start, (*path, name))
            elif start is not None:
                self._check_model(start, f"stages.{name}.from")
            if name not in order:
                order.append(name)

        for name in self.stages:
            visit(name, ())
        return order

    def model_of(self, system: str) -> str:
        """The stage, directory or Hub name that a system asks.

        Raises:
            UserError: the recipe leaves it to whoever runs it, and no one said.
        """
        model = self.systems[system].model or self.model
        if model is None:
            raise UserError(
                f"'{self.name}' diagnoses a model that you name: add model=DIRECTORY or model=OWNER/NAME"
            )
        return model

    def decoding_of(self, system: str) -> DecodingSettings:
        """The recipe's decoding with what the system changes of it."""
        return self.decoding.model_copy(update=self.systems[system].decoding.model_dump(exclude_unset=True))

    def settings(self) -> dict[str, Any]:
        """Complete plain data, from which the same recipe can be made again."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"versions", "commit"})

    def _check_conflicts(self, stage: str, conflict: Conflict) -> None:
        try:
            check_conflicts(conflict, self.languages, self.supervised)
        except UserError as error:
            raise ValueError(f"'stages.{stage}.conflict': {error}") from None

    def _check_model(self, model: str, where: str) -> None:
        """A bare word is a stage (or a directory beside us); Hub names and other paths have a slash."""
        if (
            model not in self.stages
            and not any(sign in model for sign in "/\\$~")
            and not Path(model).is_dir()
        ):
            raise ValueError(
                f"'{where}' is '{model}', which is no stage, directory or Hub name (owner/name)"
                f"{nearest(model, self.stages)}"
            )
