"""Presets of language-aware tuning: what a stage is where its recipe does not say."""

from collections.abc import Mapping
from typing import Any, Literal

# The paper's form, its faults included, so that a published row can be made again; ours; and a cheaper one,
# whose twins end where their answers begin.
Preset = Literal["paper", "ontarget", "first-token"]
PRESETS: dict[Preset, dict[str, Any]] = {
    "paper": {
        "objective": "unlikelihood",
        "alpha": 0.05,
        "conflict": dict(policy="any-instruction", directions="seen", tokens="all", eos=True, redraw=False),
        "normalisation": "sequence",
    },
    "ontarget": {
        "objective": "simpo",
        "alpha": 1.0,
        "conflict": dict(
            policy="wrong-target", directions="seen", tokens="all", revealing="text", eos=False, redraw=True
        ),
        "normalisation": "token",
    },
    "first-token": {
        "objective": "unlikelihood",
        "alpha": 1.0,
        "conflict": dict(policy="wrong-target", directions="any", tokens="first", eos=False, redraw=True),
        "normalisation": "token",
    },
}
DEFAULT: Preset = "ontarget"


def fill_in_preset(data: Any) -> Any:
    """The settings of a stage with what its preset has in the place of what they do not say.

    Raises:
        ValueError: a policy is not for the directions that are named.
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
        filled["tuning"] = {"normalisation": preset["normalisation"], **tuning}
    return filled


def _spelt_out(conflict: Mapping[str, Any]) -> dict[str, Any]:
    """`unseen-target` is a name of `wrong-target` over any directions."""
    if conflict.get("policy") != "unseen-target":
        return dict(conflict)
    if conflict.get("directions", "any") != "any":
        raise ValueError("the policy 'unseen-target' is for directions: any; take 'wrong-target'")
    return {**conflict, "policy": "wrong-target", "directions": "any"}
