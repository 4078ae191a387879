"""The `sweep` of a recipe, as it stands there: one grid, or a list of them.

sweep:
  - variants:                                   # named points: what each changes of the recipe
      paper: {stages.tuned.preset: paper}
      first-3: {stages.tuned.conflict.tokens: first-3}
    seeds: [1, 2, 3]                            # of every stage but the base, which stays one model
    reference: paper                            # the variant that all of these are tested against
  - stages.tuned.alpha: [0.1, 1.0]              # and a grid: each combination of its keys' values
"""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from ontarget.errors import nearest
from ontarget.recipes.block import Name

VARIANTS, SEEDS, REFERENCE = "variants", "seeds", "reference"

Values = Annotated[list[Any], Field(min_length=1)]
Variants = Annotated[dict[Name, dict[str, Any]], Field(min_length=1)]
Grid = dict[str, Values | Variants | Name]


def _own_kinds(grid: Grid) -> Grid:
    for key, values in grid.items():
        if isinstance(values, str) != (key == REFERENCE):
            should = "the name of a variant" if key == REFERENCE else "a list of values"
            raise ValueError(f"`sweep.{key}` should be {should}")
        if isinstance(values, Mapping) != (key == VARIANTS):
            should = "a mapping of names to what they change" if key == VARIANTS else "a list of values"
            raise ValueError(f"`sweep.{key}` should be {should}")
    if not all(isinstance(seed, int) for seed in grid.get(SEEDS, ())):
        raise ValueError(f"`sweep.{SEEDS}` should be a list of whole numbers")
    if set(grid) == {REFERENCE}:
        raise ValueError(f"`sweep.{REFERENCE}` stands alone: there are no points to hold against it")
    return grid


def _references(grids: tuple[Grid, ...]) -> tuple[Grid, ...]:
    known = [name for grid in grids for name in grid.get(VARIANTS, ())]
    for grid in grids:
        name = grid.get(REFERENCE)
        if name is not None and name not in known:
            raise ValueError(f"`sweep.{REFERENCE}`: there is no variant '{name}'{nearest(str(name), known)}")
    return grids


Grids = Annotated[
    tuple[Annotated[Grid, AfterValidator(_own_kinds)], ...],
    BeforeValidator(lambda given: [given] if isinstance(given, Mapping) else given),
    Field(min_length=1),
    AfterValidator(_references),
]


def keys(grids: tuple[Grid, ...]) -> list[str]:
    """All that is swept."""
    return list(dict.fromkeys(key for grid in grids for key in grid if key != REFERENCE))
