"""Presets of language-aware tuning: defaults for a stage."""

from collections.abc import Mapping
from typing import Any, Literal

# The method of the paper, including its faults, to reproduce published rows; ours; and a cheaper variant,
# whose conflicting samples end at the first token of the response.
Preset = Literal["paper", "ontarget", "first-token"]
PRESETS: dict[Preset, dict[str, Any]] = {
    "paper": {
        "objective": "unlikelihood",
        "alpha": 0.05,
        "conflict": dict(policy="any-instruction", directions="seen", tokens="all", eos=True, redraw=False),
        "normalization": "sequence",
    },
    "ontarget": {
        "objective": "simpo",
        "alpha": 1.0,
        "conflict": dict(
            policy="wrong-target",
            directions="seen",
            tokens="all",
            token_weighting="text",
            eos=False,
            redraw=True,
        ),
        "normalization": "token",
    },
    "first-token": {
        "objective": "unlikelihood",
        "alpha": 1.0,
        "conflict": dict(policy="wrong-target", directions="any", tokens="first", eos=False, redraw=True),
        "normalization": "token",
    },
}
DEFAULT: Preset = "ontarget"


def fill_in_preset(data: Any) -> Any:
    """Fills in the settings of a stage from its preset.

    Raises:
        ValueError: the policy does not allow the given directions.
    """
    named = data.get("preset", DEFAULT) if isinstance(data, Mapping) else None
    if named not in tuple(PRESETS):
        return data
    preset = PRESETS[named]
    filled = {"alpha": preset["alpha"], "objective": preset["objective"], **data}
    conflict, tuning = data.get("conflict") or {}, data.get("tuning")
    if isinstance(conflict, Mapping):
        filled["conflict"] = preset["conflict"] | _spelt_out(conflict)
    if isinstance(tuning, Mapping):
        filled["tuning"] = {"normalization": preset["normalization"], **tuning}
    return filled


def _spelt_out(conflict: Mapping[str, Any]) -> dict[str, Any]:
    """Replaces `unseen-target`, an alias of `wrong-target` with `directions: any`."""
    if conflict.get("policy") != "unseen-target":
        return dict(conflict)
    if conflict.get("directions", "any") != "any":
        raise ValueError("the policy 'unseen-target' needs `directions: any`; otherwise use 'wrong-target'")
    return {**conflict, "policy": "wrong-target", "directions": "any"}
