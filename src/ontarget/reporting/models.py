"""The names and sizes of the models of a run, as a sentence below its tables."""

import json
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from ontarget.system_ids import current_id

_RECORD = "ontarget.json"


def root_name(recipe: Mapping[str, Any], system: str) -> str:
    """The last part of the path or Hub name of the model that the stages of a system start from.

    Empty if a stage of the recipe makes it.

    Args:
        recipe: as `recipe.yaml` of a run contains it, under current names.
    """
    systems, stages = (
        of if isinstance(of := recipe.get(key), Mapping) else {} for key in ("systems", "stages")
    )
    own = systems.get(system)
    model = (own.get("model") if isinstance(own, Mapping) else None) or recipe.get("model")
    passed = set()
    while model in stages and model not in passed:
        passed.add(model)
        model = stages[model].get("from") if isinstance(stages[model], Mapping) else None
    return Path(model).name if isinstance(model, str) and model not in stages else ""


def about_models(
    directory: Path, recipe: Mapping[str, Any], systems: Collection[str], name_of: Callable[[str], str]
) -> str:
    """`Base model: SmolLM2-135M-Instruct, 135 million parameters.`

    If systems have different models, each one with its systems. Empty if the run has no record of sizes, as
    runs of older versions do not.

    Args:
        directory: the run, whose records of outputs have the numbers of parameters.
        recipe: as for `root_name`.
        systems: the systems of the table.
        name_of: the printed name of a system.
    """
    systems_of: dict[str, list[str]] = {}
    sizes = _sizes(directory)
    for system, parameters in ((system, sizes[system]) for system in systems if system in sizes):
        words = ", ".join(filter(None, (root_name(recipe, system), f"{in_words(parameters)} parameters")))
        systems_of.setdefault(words, []).append(name_of(system))
    if len(systems_of) == 1:
        return f"{'Base model' if recipe.get('stages') else 'Model'}: {next(iter(systems_of))}."
    models = "; ".join(f"{words} ({', '.join(systems)})" for words, systems in systems_of.items())
    return f"Models: {models}." if models else ""


def in_words(number: int) -> str:
    """`135 million`, `7.2 billion`; a small number in digits."""
    for size, name in ((10**9, "billion"), (10**6, "million")):
        if number >= 0.9995 * size:
            share = number / size
            return f"{f'{share:.0f}' if share >= 9.95 else f'{share:.1f}'.removesuffix('.0')} {name}"
    return f"{number:,}"


def _sizes(directory: Path) -> dict[str, int]:
    """System -> number of parameters of its model, from the records of outputs."""
    sizes: dict[str, int] = {}
    for path in sorted(directory.glob(f"outputs/[!.]*/{_RECORD}")):
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            found = [entry.get("parameters") for entry in record.values()]
        except (OSError, ValueError, AttributeError):
            continue
        if numbers := [number for number in found if isinstance(number, int)]:
            sizes[current_id(path.parent.name)] = numbers[-1]
    return sizes
