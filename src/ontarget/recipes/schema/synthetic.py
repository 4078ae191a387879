"""Stages that train on synthetic translations in zero-shot directions."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt, field_serializer, model_validator

from ontarget.recipes.schema.block import Block, Count
from ontarget.recipes.schema.directions import Pair
from ontarget.recipes.schema.stages import KIND, START, Evaluation, General, Optimisation, Seed, Wordings
from ontarget.recipes.schema.systems import DecodingSettings

Share = Annotated[float, Field(ge=0, le=1)]
Select = Literal["best", "agreement", "round-trip"]

# Keys of how translations are generated, not of the training on them.
MAKING = frozenset(
    {
        "teacher",
        "directions",
        "max_lines",
        "rounds",
        "pivot_source",
        "candidates",
        "select",
        "keep",
        "decoding",
    }
)
MOST_ROUNDS = 100


class KeepSettings(Block):
    """Filters of synthetic translations; those in the requested language that pass all are used."""

    confidence: Share = Field(0.5, description="minimum probability of language identification")
    min_length_ratio: NonNegativeFloat = Field(0.4, description="minimum length, relative to the source")
    max_length_ratio: PositiveFloat = Field(2.5, description="maximum length, relative to the source")
    repetition: Share = Field(
        0.3, description="maximum share of 10-character sequences that occurred before in the translation"
    )


class Synthetic(Block):
    """Common settings of both kinds: generate translations, filter them, and train on them."""

    start: str = Field(alias="from", description=START)
    teacher: str | None = Field(None, description="model that translates; default: that of `from`")
    directions: Literal["zero-shot"] | tuple[Pair, ...] = Field(
        "zero-shot",
        description="directions to translate: those of the recipe, or a list such as `[de-fr, fr-de]`",
    )
    max_lines: Count = Field(
        400,
        description="maximum number of train lines to translate in the source language of each direction, "
        "or `all`; lines of test and validation are never used",
    )
    rounds: PositiveInt = Field(
        1,
        le=MOST_ROUNDS,
        description="number of rounds. Each starts from the model of the previous round and translates "
        "other lines; they are stages: `st-1`, `st-2` and `st`",
    )
    keep: KeepSettings = Field(KeepSettings(), description="filters of the translations")
    synthetic_side: Literal["source", "target", "both"] = Field(
        "target",
        description="side of the training pairs that is synthetic; `source` swaps the sides, `both` uses "
        "each pair both ways",
    )
    mix: NonNegativeFloat = Field(1.0, description="number of supervised translations for each synthetic one")
    alpha: NonNegativeFloat = Field(
        0.0,
        description="weight of unlikelihood for translations in a wrong language, at the first token that "
        "reveals it; 0: off",
    )
    decoding: DecodingSettings = Field(
        DecodingSettings(),
        description="changes to the decoding of the recipe; default: greedy, or a beam of `candidates`",
    )
    wordings: Wordings = Field({})
    general: General = None
    seed: Seed = None
    tuning: Optimisation
    evaluation: Evaluation = None

    @field_serializer("decoding")
    def _what_differs(self, value: DecodingSettings) -> dict[str, Any]:
        return value.model_dump(exclude_unset=True)

    def decoding_from(self, usual: DecodingSettings) -> DecodingSettings:
        """The decoding of the recipe, but greedy, with the changes of the stage."""
        return usual.model_copy(
            update={"num_beams": self._beam, **self.decoding.model_dump(exclude_unset=True)}
        )

    @property
    def _beam(self) -> int:
        return 1


class SelfTraining(Synthetic):
    """A model trains on its own on-target translations."""

    kind: Literal["self-training"] = Field(description=KIND)
    candidates: PositiveInt = Field(
        1,
        description="number of translations of each line: the best of a beam of this width",
        exclude_if=lambda count: count == 1,
    )
    select: Select = Field(
        "best",
        description="candidate to learn among those that are kept: the most probable one, the one closest "
        "to the translation through the pivot, or the one whose back-translation is closest to the source "
        "(chrF)",
        exclude_if=lambda select: select == "best",
    )

    @property
    def _beam(self) -> int:
        return self.candidates

    @model_validator(mode="after")
    def _something_to_select_from(self) -> Self:
        if self.select != "best" and self.candidates == 1:
            raise ValueError(f"`select: {self.select}` needs `candidates` of 2 or more to choose from")
        beam = self.decoding.model_dump(exclude_unset=True).get("num_beams", self.candidates)
        if beam < self.candidates:
            raise ValueError(
                f"{self.candidates} `candidates` need a `decoding.num_beams` of at least that size, not "
                f"{beam}"
            )
        return self


class PivotDistillation(Synthetic):
    """A model learns to translate directly what a teacher translates through the pivot."""

    kind: Literal["pivot-distillation"] = Field(description=KIND)
    pivot_source: Literal["model", "corpus"] = Field(
        "model",
        description="text in the pivot language: the teacher's translation, or the aligned text of the "
        "train split, which is better and saves a step",
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
