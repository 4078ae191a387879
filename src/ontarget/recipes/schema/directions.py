"""Supervised and zero-shot directions, if they do not follow from a pivot."""

from collections import Counter
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, PlainSerializer, model_validator

from ontarget.languages import Direction
from ontarget.recipes.schema.block import Block, mistakes


def _direction(value: object) -> Direction:
    with mistakes():
        direction = value if isinstance(value, Direction) else Direction.parse(str(value))
    if direction.source == direction.target:
        raise ValueError(f"'{value}' is from a language into itself")
    return direction


Pair = Annotated[Direction, BeforeValidator(_direction), PlainSerializer(str)]


class Directions(Block):
    """Directions of a benchmark that does not have text for all pairs of languages."""

    supervised: tuple[Pair, ...] = Field(min_length=1, description="directions to fine-tune on")
    zero_shot: tuple[Pair, ...] = Field((), description="directions that no stage is fine-tuned on")

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        for key in ("supervised", "zero_shot"):
            if twice := [one for one, times in Counter(getattr(self, key)).items() if times > 1]:
                raise ValueError(f"{', '.join(map(str, twice))} occurs twice in `{key}`; remove one")
        if both := set(self.supervised) & set(self.zero_shot):
            raise ValueError(f"{', '.join(sorted(map(str, both)))} is both supervised and zero-shot")
        return self
