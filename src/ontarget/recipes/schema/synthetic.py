"""Stages that train on synthetic translations in zero-shot directions."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt, field_serializer, model_validator

from ontarget.recipes.schema.block import Block, Count
from ontarget.recipes.schema.directions import Pair
from ontarget.recipes.schema.stages import EvaluationSettings, General, Seed, Wordings
from ontarget.recipes.schema.systems import DecodingSettings
from ontarget.settings.tuning import Tuning

Share = Annotated[float, Field(ge=0, le=1)]
Select = Literal["best", "agreement", "round-trip"]

# Keys of how translations are generated, not of the training on them.
MAKING = frozenset(
    {"teacher", "directions", "lines", "rounds", "halfway", "candidates", "select", "keep", "decoding"}
)
MOST_ROUNDS = 100


class KeepSettings(Block):
    """Filters of synthetic translations; those in the requested language that pass all are used."""

    confidence: Share = Field(0.5, description="minimum probability of language identification")
    shortest: NonNegativeFloat = Field(0.4, description="minimum length, relative to the source")
    longest: PositiveFloat = Field(2.5, description="maximum length, relative to the source")
    repetition: Share = Field(0.3, description="maximum share of repeated character n-grams")


class Synthetic(Block):
    """Common settings of both kinds: generate translations, filter them, and train on them."""

    start: str = Field(alias="from", description="a stage, a directory or a Hub name")
    teacher: str | None = Field(None, description="model that translates; default: that of `from`")
    directions: Literal["zero-shot"] | tuple[Pair, ...] = "zero-shot"
    lines: Count = Field(400, description="train segments to translate in each direction")
    rounds: PositiveInt = Field(
        1, le=MOST_ROUNDS, description="number of rounds, each from the previous model and with new lines"
    )
    keep: KeepSettings = KeepSettings()
    original: Literal["source", "target", "both"] = Field(
        "source", description="human-written side of training pairs; `both`: use each pair both ways"
    )
    mix: NonNegativeFloat = Field(1.0, description="supervised translations per synthetic one")
    alpha: NonNegativeFloat = Field(
        0.0, description="weight of unlikelihood for outputs in a wrong language; 0: off"
    )
    decoding: DecodingSettings = Field(
        DecodingSettings(), description="changes to decoding; default: that of the recipe, but greedy"
    )
    wordings: Wordings = Field({})
    general: General = None
    seed: Seed = None
    tuning: Tuning
    evaluation: EvaluationSettings | None = None

    @field_serializer("decoding")
    def _what_differs(self, value: DecodingSettings) -> dict[str, Any]:
        return value.model_dump(exclude_unset=True)

    def decoding_from(self, usual: DecodingSettings) -> DecodingSettings:
        """The decoding of the recipe, but greedy, with the changes of the stage."""
        return usual.model_copy(update={"beam": self._beam, **self.decoding.model_dump(exclude_unset=True)})

    @property
    def _beam(self) -> int:
        return 1


class SelfTraining(Synthetic):
    """A model trains on its own on-target translations."""

    kind: Literal["self-training"]
    candidates: PositiveInt = Field(
        1,
        description="number of candidates per line: the best of a beam of this size",
        exclude_if=lambda count: count == 1,
    )
    select: Select = Field(
        "best",
        description="how to choose among valid candidates: the most probable one, the one closest to the "
        "pivot translation, or the one whose back-translation is closest to the source",
        exclude_if=lambda select: select == "best",
    )

    @property
    def _beam(self) -> int:
        return self.candidates

    @model_validator(mode="after")
    def _something_to_select_from(self) -> Self:
        if self.select != "best" and self.candidates == 1:
            raise ValueError(f"`select: {self.select}` needs `candidates` of 2 or more to choose from")
        beam = self.decoding.model_dump(exclude_unset=True).get("beam", self.candidates)
        if beam < self.candidates:
            raise ValueError(
                f"{self.candidates} `candidates` need a `decoding.beam` of at least that size, not {beam}"
            )
        return self


class PivotDistillation(Synthetic):
    """A model learns to translate directly what a teacher translates through the pivot."""

    kind: Literal["pivot-distillation"]
    halfway: Literal["model", "corpus"] = Field(
        "model", description="pivot text: translated by the teacher, or the aligned text of the corpus"
    )


def fill_in_rounds(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Adds a stage for each round: `st` with three rounds becomes `st-1`, `st-2` and `st`.

    Raises:
        ValueError: the recipe already has a stage with such a name.
    """
    stages = data.get("stages")
    if not isinstance(stages, Mapping):
        return data
    filled: dict[str, Any] = {}
    for name, stage in stages.items():
        rounds = stage.get("rounds") if isinstance(stage, Mapping) else None
        if not isinstance(rounds, int) or not 1 < rounds <= MOST_ROUNDS:
            filled[name] = stage
            continue
        names = [f"{name}-{number}" for number in range(1, rounds)] + [name]
        if taken := set(names[:-1]) & set(stages):
            raise ValueError(
                f"'stages.{name}' has {rounds} rounds, but '{min(taken)}' already exists; rename that stage"
            )
        for of_round, before in zip(names, [stage.get("from"), *names], strict=False):
            filled[of_round] = {**stage, "from": before, "rounds": 1}
    return {**data, "stages": filled}
