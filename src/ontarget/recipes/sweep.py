"""A recipe that sweeps is many recipes: one for each combination of the values of its `sweep`.

    sweep:
      stages.lat.alpha: [0.01, 0.05, 0.1]
      stages.lat.tuning.steps, stages.ontarget.tuning.steps: [50, 100]   # alike: six points in all

Its keys are those of overrides, and mean the same.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from ontarget.errors import UserError
from ontarget.recipe import Recipe
from ontarget.recipes.load import Overrides, check, override, read


@dataclass(frozen=True, slots=True)
class Point:
    """One combination.

    Attributes:
        label: `alpha=0.05`, `samples=12000,size=7B`: what it is called, and its folder.
        values: the keys as the recipe has them, each with its value here.
        recipe: an ordinary recipe, with a name of its own.
    """

    label: str
    values: Mapping[str, Any]
    recipe: Recipe


def points(recipe: str | Path, overrides: Overrides = ()) -> list[Point]:
    """The points of a recipe, the values of its last key changing fastest; none where it does not sweep.

    Raises:
        UserError: the recipe is wrong, or one of its points is; the message gives the point.
    """
    data = override(read(recipe), overrides)
    axes = check(data, str(recipe)).sweep
    if not axes:
        return []
    alone = {key: value for key, value in data.items() if key != "sweep"}
    found = []
    for combination in product(*axes.values()):
        values = dict(zip(axes, combination, strict=True))
        label = ",".join(f"{_short(axis)}={_word(value)}" for axis, value in values.items())
        name = re.sub(r"[^A-Za-z0-9._-]", "-", f"{alone.get('name')}-{label}")
        settings = {key: value for axis, value in values.items() for key in _keys(axis)}
        point = override(alone, {**settings, "name": name})
        found.append(Point(label, values, check(point, f"{recipe} at {label}")))
    labels = [point.label for point in found]
    for label in labels:
        if labels.count(label) > 1:
            raise UserError(f"{recipe}: two points of its sweep would both be called {label}")
    return found


def _keys(axis: str) -> Iterator[str]:
    return (key.strip() for key in axis.split(","))


def _short(axis: str) -> str:
    """`alpha` of `stages.lat.alpha`: the last word of its first key."""
    return next(_keys(axis)).rpartition(".")[2]


def _word(value: Any) -> str:
    """A value as a part of a file's name; of a path or Hub name the last part."""
    if isinstance(value, int | float):
        return str(value)  # its sign stays
    text = value.rstrip("/").rpartition("/")[2] if isinstance(value, str) else str(value)
    return re.sub(r"[^\w.@-]+", "-", text).strip("-")
