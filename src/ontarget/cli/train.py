"""`ontarget train`: the models of a recipe, and nothing else."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ontarget.cli.plan import show_plan
from ontarget.cli.progress import Shown, stopped
from ontarget.pipeline.launch import Launch
from ontarget.pipeline.run import make_plan
from ontarget.pipeline.run import train as make_models
from ontarget.recipes.load import load


def train(
    recipe: Annotated[str, typer.Argument(help="A recipe by its name or path.", show_default=False)],
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="STAGE KEY=VALUE",
            help="One stage (default: all), and what to change in the recipe.",
            show_default=False,
        ),
    ] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Print stages, time, memory and disk; do nothing.")
    ] = False,
    compiled: Annotated[
        bool, typer.Option("--compile", help="By torch.compile: slow to begin, faster in long stages.")
    ] = False,
    directory: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where models go.", show_default="runs/RECIPE")
    ] = None,
    processes: Annotated[
        int, typer.Option(min=1, metavar="N", help="Processes on this machine: one for each GPU.")
    ] = 1,
    machines: Annotated[
        int, typer.Option(min=1, metavar="M", help="Machines, each of which runs this command.")
    ] = 1,
    machine_rank: Annotated[int, typer.Option(min=0, metavar="R", help="Which of them this is, from 0.")] = 0,
    main_address: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT", help="The first machine, and a free port of it.", show_default=False
        ),
    ] = None,
) -> None:
    """Make the models of a recipe, or one and those that it starts from. `ontarget run` goes on with them.

    All stages of a recipe, in order:

        ontarget train phrasebook-tiny

    The last of them alone, with what it needs, from a model of your own:

        ontarget train my-recipe.yaml ontarget stages.mt.from=path/to/model

    On all four GPUs of this machine; `ontarget run` then goes on with what it made:

        ontarget train my-recipe.yaml --processes 4

    A model is a plain Hugging Face checkpoint in runs/RECIPE/models/STAGE; its path is printed.
    """
    launch = Launch(processes, machines, machine_rank, main_address)
    given = list(arguments or [])
    stage = given.pop(0) if given and "=" not in given[0] else None
    if compiled:
        given += [f"stages.{name}.tuning.compile=true" for name in load(recipe, given).stages]
    to_do = make_plan(recipe, given, directory, Shown())
    if plan:
        show_plan(Console(highlight=False), to_do, to_do.training(stage))
        return
    try:
        models = make_models(to_do, stage, Shown(), launch)
    except KeyboardInterrupt as request:
        stopped(request)
    for model in models:
        typer.echo(model)
