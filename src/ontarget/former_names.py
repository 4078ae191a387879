"""Former names of keys and values in recipes. They can still be read, and fingerprints are made of them.

Recipes, `extends`, overrides and sweeps may contain former names; `current` replaces them before anything
else reads the recipe. A fingerprint is taken of the former names (`former`), so models, translations and
points that were made under them stay valid. A stage or system of any name is `*`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ontarget.errors import UserError
from ontarget.system_ids import BASE, former_id

_BEAM = {"beam": "num_beams"}

KEYS: dict[str, dict[str, str]] = {
    "decoding": _BEAM,
    "stages.*": {"halfway": "pivot_source", "lines": "max_lines", "original": "synthetic_side"},
    "stages.*.conflict": {"revealing": "token_weighting"},
    "stages.*.decoding": _BEAM,
    "stages.*.evaluation": _BEAM,
    "stages.*.keep": {"longest": "max_length_ratio", "shortest": "min_length_ratio"},
    "stages.*.tuning": {
        "batch_samples": "global_batch_size",
        "keep_steps": "checkpoint_steps",
        "micro_batch_tokens": "max_tokens_per_micro_batch",
        "normalisation": "normalization",
        "optimiser": "optim",
        "quantisation": "quantization",
        "schedule": "lr_scheduler_type",
        "steps": "max_steps",
    },
    "stages.*.tuning.lora": {"targets": "target_modules"},
    "systems": {former_id(BASE): BASE},
    "systems.*": {"demonstrations": "num_fewshot"},
    "systems.*.decoding": _BEAM,
}
"""Block -> former key -> current key."""

VALUES: dict[str, dict[str, str]] = {
    "stages.*.kind": {"language-modelling": "pretraining", "likelihood": "sft"},
    "stages.*.original": {"source": "target", "target": "source"},  # it named the side that is not synthetic
    "stages.*.tuning.optimiser": {"adamw": "adamw_torch_fused", "adamw-8bit": "adamw_bnb_8bit"},
    "stages.*.tuning.schedule": {"constant": "constant_with_warmup"},
    "systems": {former_id(BASE): BASE},
}
"""Former key -> former value -> current value."""

_GRIDS, _VARIANTS, _NOT_KEYS = "sweep", "variants", ("seeds", "reference")
_Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Names:
    """Replacements of keys and values, in one of the two directions."""

    keys: Mapping[str, Mapping[str, str]]
    values: Mapping[str, Mapping[str, str]]

    def replaced(self, data: Mapping[str, Any], block: _Path, used: dict[str, str]) -> dict[str, Any]:
        """A block with other names. `used` collects old name -> new name.

        Raises:
            UserError: the block has a key under both of its names.
        """
        renamed: dict[str, Any] = {}
        for key, value in data.items():
            name, found = key, value
            if not block and key == _GRIDS:
                found = self._grids(value, used)
            elif isinstance(key, str):
                name, found = self._entry(key, value, block, used)
            if name in renamed:
                place = ".".join((*block, str(name)))
                raise UserError(f"'{place}' is given twice, once under its former name; remove one")
            renamed[name] = found
        return renamed

    def _entry(self, key: str, value: Any, block: _Path, used: dict[str, str]) -> tuple[str, Any]:
        """A key with its value. Keys of the recipe itself may be paths, or several with the same value."""
        if block:
            return self._path((*block, key), used)[-1], self._value((*block, key), value, used)
        paths = [tuple(part.strip().split(".")) for part in key.split(",")]
        names = [".".join(self._path(path, used)) for path in paths]
        spaced = [part.replace(part.strip(), name) for part, name in zip(key.split(","), names, strict=True)]
        return ",".join(spaced), self._value(paths[0], value, used)

    def _path(self, path: _Path, used: dict[str, str]) -> _Path:
        renamed = []
        for depth, part in enumerate(path):
            new = self.keys.get(_pattern(path[:depth]), {}).get(part, part)
            if new != part:
                used[part] = new
            renamed.append(new)
        return tuple(renamed)

    def _value(self, path: _Path, value: Any, used: dict[str, str]) -> Any:
        if isinstance(value, Mapping):
            return self.replaced(value, path, used)
        values = self.values.get(_pattern(path), {})
        if isinstance(value, list | tuple) and values:
            return [self._value(path, one, used) for one in value]
        if not isinstance(value, str) or value not in values:
            return value
        if self._path(path, {}) == path:  # otherwise the note on the key is enough
            key = f"{path[-1]}: " if len(path) > 1 else ""
            used[f"{key}{value}"] = f"{key}{values[value]}"
        return values[value]

    def _grids(self, grids: Any, used: dict[str, str]) -> Any:
        if isinstance(grids, Mapping):
            return dict(self._grid(grids, used))
        if isinstance(grids, list | tuple):
            return [dict(self._grid(g, used)) if isinstance(g, Mapping) else g for g in grids]
        return grids

    def _grid(self, grid: Mapping[str, Any], used: dict[str, str]) -> Iterator[tuple[str, Any]]:
        for key, values in grid.items():
            if key == _VARIANTS and isinstance(values, Mapping):
                variants = {
                    name: self.replaced(overrides, (), used) if isinstance(overrides, Mapping) else overrides
                    for name, overrides in values.items()
                }
                yield key, variants
            elif key in _NOT_KEYS or not isinstance(values, list | tuple):
                yield key, values
            else:
                points = [self._entry(str(key), value, (), used) for value in values]
                yield points[0][0] if points else key, [value for _, value in points]


def _pattern(path: _Path) -> str:
    named = len(path) > 1 and path[0] in ("stages", "systems")
    return ".".join((path[0], "*", *path[2:]) if named else path)


def _inverse(names: Mapping[str, str]) -> dict[str, str]:
    return {new: old for old, new in names.items()}


def _current_key(key: str) -> str:
    block, _, last = key.rpartition(".")
    return f"{block}.{KEYS.get(block, {}).get(last, last)}" if block else key


_CURRENT = _Names(KEYS, VALUES)
_FORMER = _Names(
    {block: _inverse(names) for block, names in KEYS.items()},
    {_current_key(key): _inverse(values) for key, values in VALUES.items()},
)


def current(recipe: Mapping[str, Any], used: dict[str, str] | None = None) -> dict[str, Any]:
    """A recipe, or overrides of one, under current names.

    Args:
        recipe: plain data, unchecked; keys may be paths such as `stages.mt.tuning.steps`.
        used: collects the former names that occur, each with its current name.

    Raises:
        UserError: a key is given under both of its names.
    """
    return _CURRENT.replaced(recipe, (), {} if used is None else used)


def former(settings: Mapping[str, Any], block: str = "") -> dict[str, Any]:
    """Settings under their former names, for fingerprints.

    Args:
        settings: of a whole recipe, overrides, or the settings of one block.
        block: its place in a recipe, such as `stages.*`.
    """
    return _FORMER.replaced(settings, tuple(block.split(".")) if block else (), {})
