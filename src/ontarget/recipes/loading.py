"""Loads and checks a recipe, by name or path, with overrides."""

import logging
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from ontarget import given
from ontarget.errors import UserError, nearest
from ontarget.former_names import current
from ontarget.recipes.explain import explain, short
from ontarget.recipes.schema.recipe import Recipe
from ontarget.recipes.schema.systems import list_systems
from ontarget.yaml_text import read_yaml

Overrides = Sequence[str] | Mapping[str, Any]

_LOG = logging.getLogger(__name__)


def load(recipe: str | Path | Recipe, overrides: Overrides = ()) -> Recipe:
    """Loads a shipped recipe or a file, with overrides such as `stages.mt.samples=100`.

    A `Recipe` object is returned with the overrides applied.

    Raises:
        UserError: the recipe does not exist, is not YAML, or has a wrong key or value (named by its path).
    """
    if isinstance(recipe, Recipe):
        return check(override(recipe.settings(), overrides), recipe.name) if overrides else recipe
    return check(override(read(recipe), overrides), str(recipe))


def read(recipe: str | Path) -> dict[str, Any]:
    """A recipe as unchecked plain data, merged with the recipe that it `extends`.

    Keys of such a file work as overrides: `stages.mt.samples: 96000` changes one key, `systems: [mt]` a whole
    block.

    Raises:
        UserError: the recipe does not exist, is not YAML, or extends a recipe with `extends`.
    """
    path = find(recipe)
    data = _read(path)
    if "extends" not in data:
        return data
    name = str(data.pop("extends"))
    beside = path.parent / name
    extended = _read(find(beside if beside.is_file() else name))
    if "extends" in extended:
        raise UserError(f"{path} extends '{name}', which itself extends another; only one level is supported")
    return override(extended, data)


def _read(path: Path) -> dict[str, Any]:
    data = _yaml(text_of(path), str(path))
    if not isinstance(data, dict):
        raise UserError(
            f"{path} is not a mapping of keys to values; 'ontarget recipes show phrasebook-tiny' prints one"
        )
    return _current(data, str(path))


def text_of(path: Path) -> str:
    """The text of a recipe file.

    Raises:
        UserError: the file cannot be read, or is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 at byte {error.start}; save it as UTF-8") from None
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from None


def check(data: Mapping[str, Any], where: str) -> Recipe:
    """Validates plain data; `where` prefixes the message of a UserError."""
    data = _current(data, where)
    try:
        return Recipe.model_validate(data)
    except ValidationError as error:
        raise UserError(f"{where}: {explain(error, data)}") from None


def shipped() -> dict[str, Path]:
    """The recipes shipped with ontarget, by name."""
    folder = Path(str(files("ontarget") / "recipes" / "builtin"))
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def find(recipe: str | Path) -> Path:
    """The file of a recipe, by name or path."""
    known = shipped()
    given.place(recipe, "recipe")
    if str(recipe) in known:
        return known[str(recipe)]
    path = Path(recipe)
    if path.is_file():
        return path
    if path.is_dir():
        of_run = path / "recipe.yaml"
        instead = f"'{of_run}'" if of_run.is_file() else "a .yaml file or a name of 'ontarget recipes list'"
        raise UserError(f"'{recipe}' is a directory, not a recipe; give {instead}")
    if path.suffix in {".yaml", ".yml"} or len(path.parts) > 1:
        raise UserError(
            f"there is no recipe file {path}{nearest(str(path), map(str, path.parent.glob('*.y*ml')))}"
        )
    hint = nearest(str(recipe), known) or f"; there are {', '.join(known)}"
    raise UserError(f"unknown recipe '{recipe}'{hint} (a path to a .yaml file works too)")


def override(data: Mapping[str, Any], overrides: Overrides) -> dict[str, Any]:
    """Sets `key.sub=value` in plain data; values are YAML, and `check` validates them later.

    Raises:
        UserError: an override is malformed, names an unknown stage or system, or replaces a stage by a few
            of its keys.
    """
    changed, used = list_systems(data), dict[str, str]()
    pairs = [pair for key, value in pairs_of(overrides) for pair in current({key: value}, used).items()]
    _note_former(used, "overrides")
    for key, value in pairs:
        here = changed
        *parents, last = key.split(".")
        for depth, part in enumerate(parents, start=1):
            if part not in here and depth == 2 and parents[0] in ("stages", "systems"):
                raise UserError(
                    f"unknown key '{key}': there is no '{parents[0]}.{part}'{nearest(part, here)}"
                )
            inner = here.get(part)
            if not isinstance(inner, Mapping | None):
                raise UserError(
                    f"unknown key '{key}': {'.'.join(parents[:depth])} is {short(inner)} and has no keys"
                )
            here[part] = dict(inner or {})  # a copy: the caller's own data stays as it is
            here = here[part]
        if value is None and parents == ["systems"] and last in here:
            kept = ", ".join(name for name in here if name != last)
            raise UserError(
                f"'{key}=null' leaves out nothing; name the systems that stay, as in systems='[{kept}]'"
            )
        here[last] = value
        changed = list_systems(changed)
    _check_replaced(data, changed)
    return changed


def _check_replaced(data: Mapping[str, Any], changed: Mapping[str, Any]) -> None:
    """Finds a stage that was replaced by a mapping which was meant to change a few of its keys."""
    before, after = data.get("stages"), changed.get("stages")
    if not (isinstance(before, Mapping) and isinstance(after, Mapping)):
        return
    for name, stage in after.items():
        if (
            stage != before.get(name)
            and name in before
            and isinstance(stage, Mapping)
            and "kind" not in stage
        ):
            key = next(iter(stage), "samples")
            raise UserError(
                f"'stages.{name}.kind' is missing: a mapping replaces the whole block, also an inherited "
                f"one; to change one key, use `stages.{name}.{key}`"
            )


def _current(data: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Plain data with current names of keys; a note lists the former names that occur."""
    used = dict[str, str]()
    try:
        renamed = current(data, used)
    except UserError as error:
        raise UserError(f"{where}: {error}") from None
    _note_former(used, where)
    return renamed


def _note_former(used: Mapping[str, str], where: str) -> None:
    if used:
        names = ", ".join(f"{former} is now called {now}" for former, now in used.items())
        _note(f"note: former names in {where} still work, but {names}")


@cache  # a command reads its recipe more than once
def _note(sentence: str) -> None:
    _LOG.warning("%s", sentence)


def pairs_of(overrides: Overrides) -> list[tuple[str, Any]]:
    """The keys of overrides with their values, as plain data.

    Raises:
        UserError: an override is malformed.
    """
    if isinstance(overrides, Mapping):
        return [(str(key), value) for key, value in overrides.items()]
    pairs = []
    form = "strings such as 'stages.mt.samples=100', or a mapping"
    for number, one in enumerate(given.several(overrides, "overrides", of=form)):
        text = given.text(one, "override", number)
        key, equals, value = text.partition("=")
        if not (key and equals):
            raise UserError(f"'{text}' is not a valid override; expected, for example, stages.mt.samples=100")
        pairs.append((key, _yaml(value, f"the value of '{key}'")))
    return pairs


def _yaml(text: str, what: str) -> Any:
    try:
        return read_yaml(text)
    except yaml.YAMLError as error:
        raise UserError(f"{what} is not YAML: {' '.join(str(error).split())}") from None
