"""`ontarget run`: all that a recipe says."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ontarget.cli.plan import show_plan
from ontarget.cli.progress import Shown, stopped
from ontarget.cli.sweep import run_sweep
from ontarget.pipeline.run import carry_out, make_plan
from ontarget.pipeline.sweep import make_sweep
from ontarget.recipes.load import load

DEFAULT = "phrasebook-tiny"


def run(
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="RECIPE KEY=VALUE",
            help=f"A recipe by its name or path (default: {DEFAULT}), and what to change in it.",
            show_default=False,
        ),
    ] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Print steps, time, memory and disk; do nothing.")
    ] = False,
    directory: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where results go.", show_default="runs/RECIPE")
    ] = None,
) -> None:
    """Do all that a recipe says: models, translations, scores, report. Again: what is missing or changed.

    The whole comparison, on text that ontarget makes itself (minutes on a laptop):

        ontarget run

    What that takes, before it is spent:

        ontarget run phrasebook-tiny --plan

    Any key can be changed. Here LAT alone is tuned and translates again:

        ontarget run phrasebook-tiny stages.lat.alpha=0.1

    How often does a model of yours answer in the wrong language?

        ontarget run diagnose model=DIR name=my-model

    Several values of a key, one after the other; what they have in common is made once:

        ontarget run phrasebook-tiny sweep='{stages.lat.alpha: [0.1, 0.3, 1.0]}' name=alphas

    Stop it when you like, even with kill -9: the same command goes on from there.
    """
    recipe, overrides = recipe_and_overrides(arguments or [])
    if load(recipe, overrides).sweep:
        run_sweep(make_sweep(recipe, overrides, directory, Shown()), plan=plan)
        return
    to_do = make_plan(recipe, overrides, directory, Shown())
    console = Console(highlight=False)
    if plan:
        show_plan(console, to_do, to_do.everything())
        return
    try:
        done = carry_out(to_do, Shown())
    except KeyboardInterrupt as request:
        stopped(request)
    console.print(done.table())
    console.print(f"report: {done.directory / 'report.html'}", soft_wrap=True, markup=False)


def recipe_and_overrides(arguments: Sequence[str]) -> tuple[str, list[str]]:
    """The recipe may be left out: then the first argument is an override already."""
    if arguments and "=" not in arguments[0]:
        return arguments[0], list(arguments[1:])
    return DEFAULT, list(arguments)
