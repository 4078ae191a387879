"""`ontarget recipes`: the experiments that come with ontarget, and those of one's own."""

import shutil
from pathlib import Path
from typing import Annotated

import typer
import yaml
from rich import box
from rich.console import Console
from rich.table import Table

from ontarget.cli.run import recipe_and_overrides
from ontarget.errors import UserError
from ontarget.recipes.load import find, load, shipped
from ontarget.recipes.sweep import points

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="List, show, copy and check recipes: what `ontarget run` does, each line with its why.",
)

_RECIPE = Annotated[str, typer.Argument(help="A recipe by its name or path.", show_default=False)]


@app.command()
def ls() -> None:
    """List the recipes that come with ontarget."""
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("Recipe", no_wrap=True)
    table.add_column("Languages")
    table.add_column("About")
    for name in shipped():
        recipe = load(name)
        table.add_row(name, " ".join(map(str, recipe.languages)), recipe.about)
    Console(highlight=False).print(table)


@app.command()
def show(
    recipe: _RECIPE,
    overrides: Annotated[
        list[str] | None,
        typer.Argument(metavar="[KEY=VALUE]...", help="With --resolved.", show_default=False),
    ] = None,
    resolved: Annotated[
        bool, typer.Option("--resolved", help="Every key, with defaults and presets filled in.")
    ] = False,
) -> None:
    """Print a recipe, comments and all.

        ontarget recipes show phrasebook-tiny

    What presets and system ids stand for:

        ontarget recipes show phrasebook-tiny --resolved
    """
    if overrides and not resolved:
        raise UserError(f"'{overrides[0]}' changes the recipe, not its text: add --resolved")
    if resolved:
        text = yaml.safe_dump(load(recipe, overrides or []).settings(), sort_keys=False, allow_unicode=True)
    else:
        text = find(recipe).read_text(encoding="utf-8")
    typer.echo(text, nl=False)


@app.command()
def copy(
    recipe: _RECIPE,
    to: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Where to (default: here, under its name).")
    ] = None,
) -> None:
    """Copy a recipe, to make one of your own of it.

    Then change it, and run it:

        ontarget recipes copy phrasebook-tiny mine.yaml
        ontarget run mine.yaml

    A recipe may be as short as what it changes of another: see `extends` in docs/recipes.md.
    """
    source = find(recipe)
    target = to or Path(source.name)
    if target.is_dir():
        target /= source.name
    if target.exists():
        raise UserError(f"{target} exists already; give another name")
    if not target.parent.is_dir():
        raise UserError(f"there is no folder {target.parent} to copy to")
    shutil.copyfile(source, target)
    typer.echo(
        f"{target}; give it a `name` of its own, or its results go to runs/{load(source).name}", err=True
    )


@app.command()
def check(
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="RECIPE KEY=VALUE",
            help="A recipe by its name or path; all that come with ontarget by default.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Check a recipe's keys and values; nothing is run, and no corpus or model is read.

        ontarget recipes check mine.yaml

    All recipes that come with ontarget:

        ontarget recipes check
    """
    wanted = [recipe_and_overrides(arguments)] if arguments else [(name, []) for name in shipped()]
    for recipe, overrides in wanted:
        checked = load(recipe, overrides)
        swept = f"{len(points(recipe, overrides))} points of " if checked.sweep else ""
        stages = f"{len(checked.stages)} stages, " if checked.stages else ""
        systems = f"{len(checked.systems)} systems, {len(checked.zero_shot)} zero-shot directions"
        typer.echo(f"{recipe}: {swept}{stages}{systems}: ok")
