"""Writes docs/reference/recipe-keys.md from the schema of recipes: python .ci/recipe_keys.py

The texts are the descriptions of the fields. tests/test_docs.py fails when the page is not what this makes.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ontarget.files import whole_file
from ontarget.former_names import KEYS, VALUES
from ontarget.recipes.schema.presets import PRESETS
from ontarget.recipes.schema.recipe import Recipe

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "recipe-keys.md"

HEAD = """# Recipe keys

<!-- Made by `python .ci/recipe_keys.py`. Do not edit. -->

Every key of a recipe, with its values and default. A dot separates a block from its keys, as in overrides:
`stages.mt.tuning.learning_rate=1e-5`. More about

- overrides and `extends`: [Write and run a recipe](../how-to/recipes.md);
- `corpus`, `clean` and `hold_out`: [Data](../how-to/data.md);
- `template`, `wordings` and `general`: [Prompts](../how-to/prompts.md);
- `model`, `from` and `teacher`: [Models](models.md);
- `parallel` and other `tuning`: [Several GPUs](../how-to/several-gpus.md);
- `sweep`: [Sweeps](../how-to/sweeps.md).
"""
STAGES = """## Stages

Each stage trains one model from another. `stages` maps its name to its settings, and `kind` selects the
method.
"""
PRESETS_HEAD = """### Presets

Values that a language-aware stage gets from its `preset`, which
[Conflicts](../explanation/conflicts.md) explains. The policy `unseen-target` is short for `wrong-target` with
`directions: any`.
"""
SYSTEMS = """## Systems

Each system is a row of the table of results. [Systems](../explanation/systems.md) lists the known IDs;
another ID needs a `model`: `3-shot: {model: mt, num_fewshot: 3}`.
"""
FORMER = """## Former names

Recipes, overrides and sweeps may still contain these names. A command that reads one prints a note with its
present name. Models, outputs and scores that were made under former names stay valid.

| key | former name | values |
|---|---|---|
"""

SCHEMA = Recipe.model_json_schema(mode="validation")
BLOCKS: Mapping[str, Any] = SCHEMA["$defs"]
APART = {"Tuning": "tuning", "EvaluationSettings": "evaluation", "DecodingSettings": "decoding"}
"""Blocks that occur in several places: each has a table of its own."""
WITHIN = {"Language": "code", "Direction": "direction", "CleaningStep": "filter"}
"""Values that are written as text."""


OF_PRESETS = {"alpha", "objective", "conflict"} | {
    f"conflict.{key}" for preset in PRESETS.values() for key in preset["conflict"]
}


def page() -> str:
    """The whole page, as Markdown."""
    kinds = ("Pretraining", "SupervisedFineTuning", "LanguageAware", "SelfTraining", "PivotDistillation")
    parts = [HEAD, "## The recipe\n", *_table(SCHEMA), STAGES]
    for kind in kinds:
        parts += [f"### {BLOCKS[kind]['properties']['kind']['const']}\n", *_section(BLOCKS[kind])]
        parts += [PRESETS_HEAD, *_presets()] if kind == "LanguageAware" else []
    parts += ["### tuning\n", *_section(BLOCKS["Tuning"])]
    parts += ["### evaluation\n", *_section(BLOCKS["EvaluationSettings"])]
    parts += [SYSTEMS, *_table(BLOCKS["SystemSettings"])]
    parts += ["### decoding\n", *_section(BLOCKS["DecodingSettings"])]
    return "\n".join([*parts, FORMER + "\n".join(_former())]) + "\n"


def _section(block: Mapping[str, Any]) -> Iterator[str]:
    """The docstring of a block, without the name of a module, and its table."""
    yield f"{block['description'].partition(': see ')[0].rstrip('.')}.\n"
    yield from _table(block)


def _table(block: Mapping[str, Any]) -> Iterator[str]:
    yield "| key | values | default | what it is |\n|---|---|---|---|"
    yield "\n".join(_rows(block, "")) + "\n"


def _rows(block: Mapping[str, Any], prefix: str) -> Iterator[str]:
    fields = dict(block["properties"])
    first = {"kind": fields.pop("kind")} if "kind" in fields else {}
    for key, field in (first | fields).items():
        inner = _block(field)
        apart = f"; see [{APART[inner]}](#{APART[inner]})" if inner in APART else ""
        default = "required" if key in block.get("required", ()) else _default(field, inner)
        if block["title"] in ("LanguageAware", "ConflictSettings") and f"{prefix}{key}" in OF_PRESETS:
            default = "by preset"
        yield f"| `{prefix}{key}` | {_values(field)} | {default} | {_cell(field['description'])}{apart} |"
        if inner and inner not in APART:
            yield from _rows(BLOCKS[inner], f"{prefix}{key}.")


def _options(field: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The types of a field, without null."""
    return [one for one in field.get("anyOf", [field]) if one.get("type") != "null"]


def _block(field: Mapping[str, Any]) -> str | None:
    """The name of the block that a field holds, if it does."""
    names = [str(one["$ref"]).rpartition("/")[2] for one in _options(field) if "$ref" in one]
    return names[0] if names and names[0] not in WITHIN else None


def _values(field: Mapping[str, Any]) -> str:
    return " or ".join(dict.fromkeys(map(_type, _options(field))))


def _type(option: Mapping[str, Any]) -> str:
    if "$ref" in option:
        return WITHIN.get(option["$ref"].rpartition("/")[2], "block")
    if values := option.get("enum", [option["const"]] if "const" in option else []):
        return ", ".join(f"`{value}`" for value in values)
    kind = option.get("type")
    if kind in ("integer", "number"):
        return " ".join(["whole number" if kind == "integer" else "number", *_range(option)])
    if kind == "array":
        items = option.get("items", {})
        return "list" if not items else f"list: {_values(items)}"
    return {"boolean": "`true`, `false`", "string": "text", "object": "mapping"}.get(str(kind), "any")


def _range(option: Mapping[str, Any]) -> Iterator[str]:
    signs = {"exclusiveMinimum": "> {}", "minimum": "≥ {}", "exclusiveMaximum": "< {}", "maximum": "≤ {}"}
    found = [sign.format(f"{option[name]:g}") for name, sign in signs.items() if name in option]
    if found:
        yield " and ".join(found)


def _default(field: Mapping[str, Any], inner: str | None) -> str:
    default = field.get("default")
    if inner or default in (None, [], {}, ""):
        return ""
    if isinstance(default, bool | list):
        return f"`{json.dumps(default)}`".replace('"', "")
    return f"`{default:g}`" if isinstance(default, float) else f"`{default}`"


def _presets() -> Iterator[str]:
    yield f"| key | {' | '.join(f'`{preset}`' for preset in PRESETS)} |\n|---|{'---|' * len(PRESETS)}"
    rows: dict[str, dict[str, Any]] = {}
    for preset, values in PRESETS.items():
        flat = {"alpha": values["alpha"], "objective": values["objective"]}
        flat |= {f"conflict.{key}": value for key, value in values["conflict"].items()}
        flat |= {"tuning.normalization": values["normalization"]}
        for key, value in flat.items():
            rows.setdefault(key, {})[preset] = f"`{json.dumps(value)}`".replace('"', "")
    lines = (f"| `{key}` | {' | '.join(of.get(p, '') for p in PRESETS)} |" for key, of in rows.items())
    yield "\n".join(lines) + "\n"


def _former() -> Iterator[str]:
    for block, names in KEYS.items():
        for former, current in names.items():
            changed = VALUES.get(f"{block}.{former}", {})
            yield f"| `{block}.{current}` | `{former}` | {_changed(changed)} |"
    yield f"| `stages.*.kind` | | {_changed(VALUES['stages.*.kind'])} |"


def _changed(values: Mapping[str, str]) -> str:
    return "; ".join(f"`{former}` is now `{current}`" for former, current in values.items())


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    with whole_file(PAGE) as temporary:
        temporary.write_text(page(), encoding="utf-8")
    sys.stderr.write(f"{PAGE}\n")
