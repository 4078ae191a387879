"""The `sweep` of a recipe: one grid, or a list of grids.

sweep:
  - variants:                                   # named points, each with its overrides
      paper: {stages.tuned.preset: paper}
      first-3: {stages.tuned.conflict.tokens: first-3}
    seeds: [1, 2, 3]                            # for every stage except the base, which is trained once
    reference: paper                            # the baseline variant in significance tests
  - stages.tuned.alpha: [0.1, 1.0]              # another grid: all combinations of values
"""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from ontarget.errors import nearest
from ontarget.recipes.schema.block import Name

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
            should = "a mapping of names to overrides" if key == VARIANTS else "a list of values"
            raise ValueError(f"`sweep.{key}` should be {should}")
    if not all(isinstance(seed, int) for seed in grid.get(SEEDS, ())):
        raise ValueError(f"`sweep.{SEEDS}` should be a list of whole numbers")
    if set(grid) == {REFERENCE}:
        raise ValueError(f"`sweep.{REFERENCE}` needs points to compare; add keys to this grid")
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
    """All swept keys."""
    return list(dict.fromkeys(key for grid in grids for key in grid if key != REFERENCE))
