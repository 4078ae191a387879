"""`ontarget run`: runs a recipe end to end."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ontarget.cli.plan import show_plan
from ontarget.cli.progress import TerminalProgress, stopped
from ontarget.cli.sweep import run_sweep
from ontarget.errors import UserError
from ontarget.pipeline.execution.share import PointShare
from ontarget.pipeline.execution.sweep import make_sweep
from ontarget.pipeline.planning.served import load_fitting
from ontarget.pipeline.planning.shelf import shelf
from ontarget.pipeline.run import carry_out, make_plan

DEFAULT = "phrasebook-tiny"


def run(
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="RECIPE KEY=VALUE",
            help=f"Name or path of a recipe (default: {DEFAULT}), and keys to override in it.",
            show_default=False,
        ),
    ] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Estimate the time, memory and disk of each step, and exit.")
    ] = False,
    directory: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Directory for the results.", show_default="runs/RECIPE"),
    ] = None,
    points: Annotated[
        str | None,
        typer.Option(
            metavar="I/N",
            help="Run share I of N of the points of a sweep, such as 1/8, so that N machines run it.",
        ),
    ] = None,
    workers: Annotated[
        int,
        typer.Option(
            min=1,
            metavar="N",
            help="Make N steps at the same time, each on a GPU of its own or with a share of the cores.",
        ),
    ] = 1,
) -> None:
    """Run a recipe end to end: models, translations, scores, report.

    Run the whole comparison on generated text (minutes on a laptop):

        ontarget run

    Estimate time, memory and disk first:

        ontarget run phrasebook-tiny --plan

    Override any key. This trains only LAT again and translates with it:

        ontarget run phrasebook-tiny stages.lat.alpha=0.1

    Measure how often your own model translates into the wrong language:

        ontarget run diagnose model=DIR name=my-model

    Sweep several values of a key; steps that they share are run once:

        ontarget run phrasebook-tiny sweep='{stages.lat.alpha: [0.1, 0.3, 1.0]}' name=alphas

    Train and translate on four GPUs at the same time, each with a step of its own:

        ontarget run my-recipe.yaml --workers 4

    You can stop it at any time, even with kill -9; the same command resumes. Running it again redoes only
    missing or changed steps.
    """
    recipe, overrides = recipe_and_overrides(arguments or [])
    share = None if points is None else PointShare.parse(points)
    loaded = load_fitting(recipe, overrides, TerminalProgress().say)
    if loaded.sweep:
        run_sweep(
            make_sweep(recipe, overrides, directory, TerminalProgress(), share), plan=plan, workers=workers
        )
        return
    if share is not None:
        raise UserError(
            f"--points {points} needs a recipe with a sweep, but '{recipe}' has none; omit --points"
        )
    to_do = make_plan(loaded, (), directory, TerminalProgress())
    console = Console(highlight=False)
    if plan:
        there = shelf()
        show_plan(console, to_do, to_do.everything(there), there, workers)
        return
    try:
        done = carry_out(to_do, TerminalProgress(), workers=workers)
    except KeyboardInterrupt as request:
        stopped(request)
    for table in done.tables(console.width):
        console.print(table)
    console.print(f"report: {done.directory / 'report.html'}", soft_wrap=True, markup=False)


def recipe_and_overrides(arguments: Sequence[str]) -> tuple[str, list[str]]:
    """Splits the arguments; without a recipe, the first argument is already an override."""
    if arguments and "=" not in arguments[0]:
        return arguments[0], list(arguments[1:])
    return DEFAULT, list(arguments)
