"""The order and printed names of systems, those of the paper and ours."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ontarget.served_model import is_url
from ontarget.system_ids import BASE

REFERENCE = "reference"
"""The system id of the human references: their off-target ratio is the floor of any system's."""
OURS = ("ontarget", "ontarget-any")
"""The systems that the paper does not have; figures show them in bold, tables with a background."""

BASE_MODEL = "base model"
"""The printed name of a base model that has no known name."""

_NAMES = {
    BASE: BASE_MODEL,
    "mt": "MT",
    "post-ins": "Post-ins",
    "ptl": "PTL",
    "1-shot": "1-shot",
    "5-shot": "5-shot",
    "contrastive": "C_src+lang",
    "first-token-contrast": "first-token contrast",
    "language-prior": "language prior",
    "token-boosting": "LATB",
    "adaptive-boosting": "Adaptive-LATB",
    "anti-lm": "Anti-LM",
    "reranked": "re-ranked",
    "retried": "re-ranked, retried",
    "lat": "LAT",
    "ontarget": "ontarget",
    "ontarget-any": "ontarget-any",
    "pivot": "Pivot",
    REFERENCE: "reference (floor)",
}


def display_name(system: str) -> str:
    """The printed name: `display_name("contrastive") == "C_src+lang"`; an unknown id is printed itself."""
    return _NAMES.get(system, system)


def base_model_name(recipe: Mapping[str, Any]) -> str:
    """The last part of the path or Hub name of the base model, or its name on a server.

    It is empty if a stage of the recipe makes the model.

    Args:
        recipe: as `recipe.yaml` of a run contains it, under current names.
    """
    systems = recipe.get("systems")
    own = systems.get(BASE) if isinstance(systems, Mapping) else None
    model = (own.get("model") if isinstance(own, Mapping) else None) or recipe.get("model")
    if not isinstance(model, str) or model in (recipe.get("stages") or {}):
        return ""
    served = recipe.get("served")
    on_server = (served.get("name") if isinstance(served, Mapping) else served) if is_url(model) else None
    return Path(on_server if isinstance(on_server, str) else model).name


def in_table_order(systems: Iterable[str]) -> tuple[str, ...]:
    """The distinct systems in table order; unknown ones follow in the given order, references are last."""
    order = {system: place for place, system in enumerate(_NAMES)}
    return tuple(sorted(dict.fromkeys(systems), key=lambda s: (s == REFERENCE, order.get(s, len(order)))))
