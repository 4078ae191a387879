"""The directions of a benchmark, where they are not those of a pivot."""

from collections import Counter
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, PlainSerializer, model_validator

from ontarget.languages import Direction
from ontarget.recipes.block import Block, mistakes


def _direction(value: object) -> Direction:
    with mistakes():
        direction = value if isinstance(value, Direction) else Direction.parse(str(value))
    if direction.source == direction.target:
        raise ValueError(f"'{value}' is from a language into itself")
    return direction


Pair = Annotated[Direction, BeforeValidator(_direction), PlainSerializer(str)]


class Directions(Block):
    """The directions of a benchmark whose text is not between all languages."""

    supervised: tuple[Pair, ...] = Field(min_length=1, description="what the stages are tuned on")
    zero_shot: tuple[Pair, ...] = Field((), description="what no stage is tuned on")

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        for key in ("supervised", "zero_shot"):
            if twice := [one for one, times in Counter(getattr(self, key)).items() if times > 1]:
                raise ValueError(f"{', '.join(map(str, twice))} is twice in `{key}`")
        if both := set(self.supervised) & set(self.zero_shot):
            raise ValueError(f"{', '.join(sorted(map(str, both)))} is both supervised and zero-shot")
        return self
