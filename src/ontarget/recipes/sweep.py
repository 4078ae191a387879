"""Expands a recipe with `sweep` into one recipe for each point of its grids.

    sweep:
      stages.lat.alpha: [0.01, 0.05, 0.1]
      stages.lat.tuning.max_steps, stages.ontarget.tuning.max_steps: [50, 100]   # six points in total

Keys are the same as in overrides; recipes/schema/grid.py describes `variants`, `seeds` and `reference`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from ontarget.errors import UserError
from ontarget.recipes.loading import Overrides, check, override, read
from ontarget.recipes.schema.grid import REFERENCE, SEEDS, VARIANTS, Grid
from ontarget.recipes.schema.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Point:
    """One combination of values.

    Attributes:
        label: `alpha=0.05`, `samples=12000,size=7B`, `paper,seed=1`: name of the point and of its folder.
        values: each swept key with its value, including `variant` and `seed`.
        recipe: the recipe of the point, with its own name.
        reference: the baseline variant in significance tests, or None.
    """

    label: str
    values: Mapping[str, Any]
    recipe: Recipe
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class _Choice:
    """One value of one key, with the overrides that it stands for."""

    key: str
    value: Any
    label: str
    overrides: Mapping[str, Any]


def points(recipe: str | Path, overrides: Overrides = ()) -> list[Point]:
    """The points of a recipe; the last key of a grid changes fastest. Empty without `sweep`.

    Seeds change slowest, over all grids: every point has results before the second seed starts.

    Raises:
        UserError: the recipe or one of its points is invalid; the message names the point.
    """
    data = override(read(recipe), overrides)
    grids = check(data, str(recipe)).sweep or ()
    # A second test would add its time to every point.
    alone = {key: value for key, value in data.items() if key not in ("sweep", "second_test")}
    seeds: list[Any] = [grid.get(SEEDS, [None]) for grid in grids]
    found = [
        point
        for turn in range(max(map(len, seeds), default=0))
        for grid, of_grid in zip(grids, seeds, strict=True)
        if turn < len(of_grid)
        for point in _points(alone, grid, of_grid[turn], str(recipe))
    ]
    labels = [point.label for point in found]
    for label in labels:
        if labels.count(label) > 1:
            raise UserError(f"{recipe}: two points of its sweep have the same name {label}; change one")
    return found


def _points(alone: Mapping[str, Any], grid: Grid, seed: int | None, recipe: str) -> Iterator[Point]:
    """All combinations of a grid, with one seed."""
    reference: Any = grid.get(REFERENCE)
    axes = [list(_choices(key, values)) for key, values in grid.items() if key not in (SEEDS, REFERENCE)]
    for choices in product(*axes):
        values = {choice.key: choice.value for choice in choices}
        label = ",".join(choice.label for choice in choices)
        settings = {key: value for choice in choices for key, value in choice.overrides.items()}
        if seed is not None:
            values["seed"], label = seed, f"{label},seed={seed}".strip(",")
        name = re.sub(r"[^A-Za-z0-9._-]", "-", f"{alone.get('name')}-{label}")
        point = override(alone, {**settings, "name": name})
        if seed is not None:
            point = override(point, _seeded(point, seed))
        yield Point(label, values, check(point, f"{recipe} at {label}"), reference)


def _choices(key: str, values: Any) -> Iterator[_Choice]:
    if key == VARIANTS:
        for name, overrides in values.items():
            yield _Choice("variant", name, name, overrides)
        return
    keys = [one.strip() for one in key.split(",")]
    short = keys[0].rpartition(".")[2]  # `alpha` of `stages.lat.alpha`
    for value in values:
        yield _Choice(key, value, f"{short}={_word(value)}", dict.fromkeys(keys, value))


def _seeded(data: Mapping[str, Any], seed: int) -> dict[str, int]:
    """Overrides that seed every stage except the base, which takes longest and is trained once."""
    return {
        f"stages.{name}.seed": seed
        for name, stage in (data.get("stages") or {}).items()
        if isinstance(stage, Mapping) and stage.get("kind") != "pretraining"
    }


def _word(value: Any) -> str:
    """A value as part of a file name; for a path or Hub name, its last part."""
    if isinstance(value, int | float):
        return str(value)  # its sign stays
    text = value.rstrip("/").rpartition("/")[2] if isinstance(value, str) else str(value)
    return re.sub(r"[^\w.@-]+", "-", text).strip("-")
