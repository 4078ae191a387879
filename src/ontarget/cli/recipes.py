"""`ontarget recipes`: lists, shows, copies and checks recipes."""

from pathlib import Path
from typing import Annotated

import typer
import yaml
from rich.console import Console

from ontarget.cli.run import recipe_and_overrides
from ontarget.errors import UserError, counted
from ontarget.files import whole_file
from ontarget.pipeline.planning.check import Findings
from ontarget.pipeline.planning.check import check as look_at
from ontarget.recipes.loading import find, load, shipped, text_of
from ontarget.recipes.schema.recipe import Recipe
from ontarget.recipes.sweep import points
from ontarget.tables import terminal_frame

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="List, show, copy and check recipes, the commented files that `ontarget run` executes.",
)

_RECIPE = Annotated[str, typer.Argument(help="Name or path of a recipe.", show_default=False)]


@app.command("list")
def list_() -> None:
    """List the recipes shipped with ontarget."""
    table = terminal_frame(["Recipe", "Languages", "About"], left=3, unwrapped=[0])
    for name in shipped():
        recipe = load(name)
        table.add_row(name, " ".join(map(str, recipe.languages)), recipe.about)
    Console(highlight=False).print(table)


@app.command()
def show(
    recipe: _RECIPE,
    overrides: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[KEY=VALUE]...", help="Keys to override; needs --resolved.", show_default=False
        ),
    ] = None,
    resolved: Annotated[
        bool, typer.Option("--resolved", help="Print every key, with defaults and presets filled in.")
    ] = False,
) -> None:
    """Print a recipe with its comments.

    Show the recipe that `ontarget run` executes by default:

        ontarget recipes show phrasebook-tiny

    Show the settings behind presets and system IDs:

        ontarget recipes show phrasebook-tiny --resolved
    """
    if overrides and not resolved:
        raise UserError(f"'{overrides[0]}' is an override, which only --resolved can show; add --resolved")
    if resolved:
        text = yaml.safe_dump(load(recipe, overrides or []).settings(), sort_keys=False, allow_unicode=True)
    else:
        text = text_of(find(recipe))
    typer.echo(text, nl=False)


@app.command()
def copy(
    recipe: _RECIPE,
    to: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="Target file (default: the same name in this folder)."),
    ] = None,
) -> None:
    """Copy a recipe as the start of your own.

    Edit the copy, then run it:

        ontarget recipes copy phrasebook-tiny mine.yaml
        ontarget run mine.yaml

    A recipe can also contain only its changes to another one: see `extends` in docs/how-to/recipes.md.
    """
    source = find(recipe)
    target = to or Path(source.name)
    if target.is_dir():
        target /= source.name
    if target.exists():
        raise UserError(f"{target} already exists; choose another name")
    if not target.parent.is_dir():
        raise UserError(f"there is no folder {target.parent}; create it first")
    name = load(source).name
    with whole_file(target) as temporary:
        temporary.write_bytes(source.read_bytes())
    typer.echo(f"{target}; change its `name`, or its results go to runs/{name}", err=True)


@app.command()
def check(
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="RECIPE KEY=VALUE",
            help="Name or path of a recipe, and keys to override (default: all shipped recipes).",
            show_default=False,
        ),
    ] = None,
    deep: Annotated[
        bool,
        typer.Option(
            "--deep", help="Read the first 1,000 segments of each file and encode them with the models."
        ),
    ] = False,
) -> None:
    """Check a recipe before running it: keys and values, files and their headers, and models.

    Every mistake is listed with its key, and the exit code is 2. Files and models that can be downloaded are
    only noted.

        ontarget recipes check mine.yaml

    With `--deep`, also read the beginning of the text. This checks that each direction has text, that the
    tokenizers know its languages, and that prompts and responses fit into `max_length`:

        ontarget recipes check mine.yaml --deep

    Check the keys and values of all shipped recipes:

        ontarget recipes check
    """
    if not arguments:
        if deep:
            raise UserError("--deep needs the name of a recipe")
        for name in shipped():
            typer.echo(_about(name, [], load(name)))
        return
    recipe, overrides = recipe_and_overrides(arguments)
    loaded = load(recipe, overrides)
    about = _about(recipe, overrides, loaded)
    swept = [point.recipe for point in points(recipe, overrides)] if loaded.sweep else [loaded]
    found = look_at(swept, deep=deep)
    if recipe in shipped() and not overrides:  # a shipped recipe is valid, although its text may be missing
        found = Findings([], [*found.wrong, *found.notes])
    for note in found.notes:
        typer.echo(f"note: {note}", err=True)
    if not found.wrong:
        typer.echo(about)
        return
    for wrong in found.wrong:
        typer.echo(f"{recipe}: {wrong}", err=True)
    raise UserError(f"{recipe} cannot be run: {counted(len(found.wrong), 'mistake')}, listed above")


def _about(name: str, overrides: list[str], recipe: Recipe) -> str:
    swept = f"{len(points(name, overrides))} points of " if recipe.sweep else ""
    parts = [counted(len(recipe.stages), "stage")] if recipe.stages else []
    parts += [counted(len(recipe.systems), "system"), counted(len(recipe.zero_shot), "zero-shot direction")]
    return f"{name}: {swept}{', '.join(parts)}: ok"
