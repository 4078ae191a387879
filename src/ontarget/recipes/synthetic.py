"""Stages that learn unseen directions from translations that a model has made."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt, field_serializer, model_validator

from ontarget.recipes.block import Block, Count
from ontarget.recipes.directions import Pair
from ontarget.recipes.stages import EvaluationSettings, General, Seed, Wordings
from ontarget.recipes.systems import DecodingSettings
from ontarget.training.tuning import Tuning

Share = Annotated[float, Field(ge=0, le=1)]
Select = Literal["best", "agreement", "round-trip"]

# Keys that say how translations are made, not what is learnt from them.
MAKING = frozenset(
    {"teacher", "directions", "lines", "rounds", "halfway", "candidates", "select", "keep", "decoding"}
)
MOST_ROUNDS = 100


class KeepSettings(Block):
    """Which translations are learnt from: those in the language asked for that pass all of these."""

    confidence: Share = Field(0.5, description="of the identification, at least")
    shortest: NonNegativeFloat = Field(0.4, description="times as long as the source, at least")
    longest: PositiveFloat = Field(2.5, description="times as long as the source, at most")
    repetition: Share = Field(0.3, description="share of runs of characters that came before, at most")


class Synthetic(Block):
    """What both kinds have in common: translations are made, looked through, and learnt."""

    start: str = Field(alias="from", description="a stage, a directory or a Hub name")
    teacher: str | None = Field(None, description="whose translations; default: those of `from`")
    directions: Literal["zero-shot"] | tuple[Pair, ...] = "zero-shot"
    lines: Count = Field(400, description="of the train split, of each direction's source language")
    rounds: PositiveInt = Field(
        1, le=MOST_ROUNDS, description="each from the model of the round before, with other lines"
    )
    keep: KeepSettings = KeepSettings()
    original: Literal["source", "target", "both"] = Field(
        "source", description="the side of a learnt pair that people wrote; `both`: each pair both ways"
    )
    mix: NonNegativeFloat = Field(1.0, description="supervised translations for each that was made")
    alpha: NonNegativeFloat = Field(0.0, description="unlikelihood of answers in a wrong language; 0: none")
    decoding: DecodingSettings = Field(
        DecodingSettings(), description="what differs from the recipe's, and from greedy search"
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
        """The recipe's decoding, but greedy, with what the stage changes of it."""
        return usual.model_copy(update={"beam": self._beam, **self.decoding.model_dump(exclude_unset=True)})

    @property
    def _beam(self) -> int:
        return 1


class SelfTraining(Synthetic):
    """A model learns from those of its own translations that are on target."""

    kind: Literal["self-training"]
    candidates: PositiveInt = Field(
        1, description="of each line, the best of a beam that is as wide", exclude_if=lambda count: count == 1
    )
    select: Select = Field(
        "best",
        description="of those that may be learnt from: the most probable one, the one nearest to what is got "
        "through the pivot, or the one whose translation back is nearest to the source",
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
            raise ValueError(f"{self.candidates} `candidates` need a `decoding.beam` as wide, not {beam}")
        return self


class PivotDistillation(Synthetic):
    """A model learns to do in one step what takes two through the pivot."""

    kind: Literal["pivot-distillation"]
    halfway: Literal["model", "corpus"] = Field(
        "model", description="the text in the pivot language: the teacher's, or what is aligned with the line"
    )


def fill_in_rounds(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """`data` with a stage for each round: `st` of three becomes `st-1`, `st-2` and `st`.

    Raises:
        ValueError: the recipe has a stage of such a name.
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
                f"'stages.{name}' has {rounds} rounds, one of them called '{min(taken)}' already"
            )
        for of_round, before in zip(names, [stage.get("from"), *names], strict=False):
            filled[of_round] = {**stage, "from": before, "rounds": 1}
    return {**data, "stages": filled}
