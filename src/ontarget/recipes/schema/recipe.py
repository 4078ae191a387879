"""The schema of a recipe. `recipes/loading.py` reads recipes and explains mistakes in them."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, model_validator

from ontarget.corpora.checks import CleaningStep
from ontarget.corpora.cleaning import Overlap
from ontarget.errors import UserError, nearest
from ontarget.languages import Direction, Language, apart
from ontarget.recipes.schema.block import Block, Count, Name, mistakes
from ontarget.recipes.schema.corpus_source import Code, CorpusSource, HoldOut
from ontarget.recipes.schema.directions import Directions
from ontarget.recipes.schema.grid import Grids
from ontarget.recipes.schema.kinds import Stage, made_from
from ontarget.recipes.schema.served import Served
from ontarget.recipes.schema.stages import LanguageAware, fill_in_stages
from ontarget.recipes.schema.synthetic import fill_in_rounds
from ontarget.recipes.schema.systems import DecodingSettings, SystemSettings, fill_in_systems, list_systems
from ontarget.samples.conflict import Conflict, check_conflicts
from ontarget.samples.draw import supervised_directions, zero_shot_directions
from ontarget.served_model import ServedModel, is_url


def _cleaning_step(value: object) -> CleaningStep:
    with mistakes():
        return CleaningStep.of(value)


_Clean = Annotated[CleaningStep, BeforeValidator(_cleaning_step), PlainSerializer(CleaningStep.settings)]


class Recipe(Block):
    """One experiment: text, stages, systems and evaluation."""

    name: Name = Field(description="name of the recipe and of its run directory, `runs/<name>`")
    about: str = Field("", description="one-line description, for `ontarget recipes list` and the report")
    seed: int = Field(1, description="random seed of weights, samples and their order")
    languages: Annotated[tuple[Code, ...], AfterValidator(apart)] = Field(
        min_length=2,
        description="BCP 47 codes of two or more languages; `deu` and `deu_Latn` are read as `de`",
    )
    pivot: Code = Field(
        description="one of the languages. Directions from or into it are supervised, all others zero-shot; "
        "the system `pivot` translates through it"
    )
    directions: Directions | None = Field(
        None, description="explicit directions in place of those of the pivot, for text that lacks some pairs"
    )
    corpus: CorpusSource = Field(description="source of the parallel text: exactly one of its keys")
    clean: tuple[_Clean, ...] = Field(
        (), description="filters of the train split, such as `[duplicates, {length-ratio: 3}]`"
    )
    hold_out: HoldOut | None = Field(None, description="numbers of train segments to move to other splits")
    overlap: Overlap = Field(
        "error",
        description="what to do with test lines that are also in the train split: report an error, remove "
        "them from the train split, or allow them",
    )
    template: str = Field(
        "plain",
        description="prompt template: `plain`, `alpaca`, `chat`, that of a known model such as `tower`, the "
        "path of a `.yaml` file, or `auto`, the one that fits the model",
    )
    split: Literal["validation", "test"] = Field("test", description="split that systems translate")
    test_lines: Count = Field(100, description="number of lines of that split for each direction, or `all`")
    second_test: Literal["everyday"] | None = Field(
        None,
        description="a second text that all systems translate, with its own table: `everyday` has 60 "
        "everyday sentences in English, German, French, Italian, Dutch, Romanian, Czech and Spanish. It is "
        "translated in zero-shot directions only, if there are any; points of a sweep leave it out",
    )
    model: str | None = Field(
        None,
        description="directory or Hub name of a model. Stages with `from: model` start from it; without "
        "stages, all systems use it. Without stages it may also be the URL of a server with OpenAI's API",
    )
    served: Served = Field(
        None,
        description="name of the model on the server at `model`, or a mapping with `name` and more",
        exclude_if=lambda served: served is None,  # older recipes lack it
    )
    stages: dict[Name, Stage] = Field(
        default_factory=dict, description="stages that train models, by name; null leaves out a stage"
    )
    systems: dict[Name, SystemSettings] = Field(
        default_factory=dict,
        description="rows of the table of results: a list of IDs, or settings by ID. Default: a row for "
        "each stage that trains translation, and `pivot`; without stages `base`, `ptl`, `1-shot`, `5-shot`, "
        "`contrastive` and `pivot`",
    )
    decoding: DecodingSettings = Field(DecodingSettings(), description="decoding of all systems")
    otr: Literal["robust", "paper"] = Field(
        "robust",
        description="how the language of a line is identified for OTR: by our rules, or, as in the paper, "
        "by the identifier's best guess for the whole line. A change redoes scores only",
    )
    sweep: Grids | None = Field(
        None, description="keys and the values to run for each; a grid, or a list of grids"
    )
    versions: dict[str, str] = Field({}, description="written by `ontarget run`, never read by it")
    commit: str | None = Field(None, description="written by `ontarget run`, never read by it")

    @model_validator(mode="before")
    @classmethod
    def _fill_in_systems(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        return fill_in_systems(list_systems(fill_in_rounds(fill_in_stages(data))))

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if len(set(self.languages)) < len(self.languages):
            same = [one.written for one in self.languages if self.languages.count(one) > 1]
            raise ValueError(f"'languages' contains a language twice: {', '.join(same)}")
        names = [step.name for step in self.clean]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise ValueError(f"'clean' contains the step '{twice}' twice; give it once, with one limit")
        if self.pivot not in self.languages:
            raise ValueError(
                f"'pivot' is {self.pivot}, not one of `languages`: {', '.join(map(str, self.languages))}"
            )
        for direction in (*self.supervised, *self.zero_shot):
            if not set(direction.sides) <= set(self.languages):
                raise ValueError(f"'directions' has {direction}, but not both are in `languages`")
        for split in self.hold_out.numbers() if self.hold_out else ():
            if self.corpus.names(split):
                raise ValueError(f"the split '{split}' is in both 'corpus' and 'hold_out'; give it once")
        if self.stages and self.model:
            raise ValueError("'model' needs a recipe without stages, or a stage with `from: model`")
        with mistakes("'model': "):
            self.on_server(self.model)
        if self.served and not is_url(self.model):
            raise ValueError("'served' is for a model on a server; set 'model' to its URL")
        self.stage_order()
        for name, stage in self.stages.items():
            if (
                isinstance(stage, LanguageAware) and stage.conflict.policy != "confusion"
            ):  # that reads a run first
                self._check_conflicts(name, stage.conflict.conflict())
        for name, system in self.systems.items():
            if system.model is not None:
                self._check_model(system.model, f"systems.{name}.model")
            with mistakes(f"systems.{name}: "):
                system.check_beam(self.decoding_of(name).num_beams)
            if system.step is not None:
                self._check_step(system.model or "", system.step, f"systems.{name}.step")
        return self

    @property
    def supervised(self) -> list[Direction]:
        """Directions with training data: by default those with the pivot as source or target."""
        if self.directions:
            return self._as_listed(self.directions.supervised)
        return self._as_listed(supervised_directions(self.languages, self.pivot))

    @property
    def zero_shot(self) -> list[Direction]:
        """Directions without training data: by default those without the pivot."""
        if self.directions:
            return self._as_listed(self.directions.zero_shot)
        return zero_shot_directions(self.languages, self.pivot)

    @property
    def trained(self) -> list[Language]:
        """The languages of the supervised directions; only these need training text."""
        sides = {language for direction in self.supervised for language in direction.sides}
        return [language for language in self.languages if language in sides]

    def stage_order(self) -> list[str]:
        """The stages, each after those it depends on, otherwise in the order of the recipe."""
        order: list[str] = []

        def visit(name: str, path: tuple[str, ...]) -> None:
            if name in path:
                circle = " -> ".join((*path[path.index(name) :], name))
                raise ValueError(f"'stages.{name}.from' is circular: {circle}; start one elsewhere")
            for key, model in made_from(self.stages[name]).items():
                if model in self.stages:
                    visit(model, (*path, name))
                else:
                    self._check_model(model, f"stages.{name}.{key}")
            if name not in order:
                order.append(name)

        for name in self.stages:
            visit(name, ())
        return order

    def stage_of(self, model: str) -> str | None:
        """The stage that makes a model of `model_of`; None if no stage does."""
        stage = model.partition("@")[0]
        return stage if stage in self.stages else None

    def root_of(self, model: str | None) -> str | None:
        """The external model that the stages up to `model` start from; None if they start from scratch.

        The root of an external model is the model itself.
        """
        while model is not None and (stage := self.stage_of(model)) is not None:
            model = self.stages[stage].start
        return model

    def model_of(self, system: str) -> str:
        """The model of a system: a stage (`lat`), a step of one (`lat@20`), a directory or a Hub name.

        Raises:
            UserError: the recipe needs a `model` from the user, and none is given.
        """
        model = self.systems[system].model or self.model
        if model is None:
            raise UserError(
                f"'{self.name}' needs a model to diagnose; add model=DIRECTORY or model=OWNER/NAME"
            )
        step = self.systems[system].step
        return model if step is None else f"{model}@{step}"

    def on_server(self, model: str | None) -> ServedModel | None:
        """The model on a server, if `model` is the URL in `model` of the recipe; otherwise None.

        Raises:
            UserError: the URL is not valid, or has no `served` or another place in the recipe.
        """
        if model is None or not is_url(model):
            return None
        if model != self.model:
            raise UserError(f"'{model}' is a server; give it as the `model` of a recipe without stages")
        if self.served is None:
            raise UserError(f"'{model}' is a server; add served=NAME, the model's name on it")
        return self.served.at(model)

    def decoding_of(self, system: str) -> DecodingSettings:
        """The decoding of the recipe, with the changes of the system."""
        return self.decoding.model_copy(update=self.systems[system].decoding.model_dump(exclude_unset=True))

    def settings(self) -> dict[str, Any]:
        """The complete recipe as plain data, from which it can be created again."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"versions", "commit"})

    def _as_listed(self, directions: Iterable[Direction]) -> list[Direction]:
        """The directions with languages spelt as in `languages`."""
        own = {language: language for language in self.languages}
        return [Direction(own.get(d.source, d.source), own.get(d.target, d.target)) for d in directions]

    def _check_conflicts(self, stage: str, conflict: Conflict) -> None:
        with mistakes(f"'stages.{stage}.conflict': "):
            check_conflicts(conflict, self.languages, self.supervised)

    def _check_model(self, model: str, where: str) -> None:
        """Accepts a stage, directory or file as a bare word, and a Hub name or path with a slash."""
        if is_url(model):
            raise ValueError(f"'{where}' is a server; give it as the `model` of a recipe without stages")
        if (
            model not in self.stages
            and not any(sign in model for sign in "/\\$~")
            and not Path(model).exists()  # `locate` says what is wrong with a file that is not a model
        ):
            raise ValueError(
                f"'{where}' is '{model}', which is not a stage, directory, .gguf file or Hub name "
                f"(owner/name){nearest(model, self.stages)}"
            )

    def _check_step(self, model: str, step: int, where: str) -> None:
        kept = (self.stages[model].tuning.checkpoint_steps if model in self.stages else None) or ()
        if step not in kept:
            steps = f"keeps {', '.join(map(str, kept))}" if kept else "keeps none"
            raise ValueError(
                f"'{where}' is {step}, but '{model}' {steps}: see `tuning.checkpoint_steps` of a stage"
            )
