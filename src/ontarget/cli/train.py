"""`ontarget train`: trains the models of a recipe, without translating or scoring."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ontarget.cli.plan import show_plan
from ontarget.cli.progress import TerminalProgress, stopped
from ontarget.pipeline.execution.launch import Launch
from ontarget.pipeline.planning.plan import check_stage
from ontarget.pipeline.planning.shelf import EMPTY, shelf
from ontarget.pipeline.run import make_plan
from ontarget.pipeline.run import train as make_models
from ontarget.recipes.loading import load


def train(
    recipe: Annotated[str, typer.Argument(help="Name or path of a recipe.", show_default=False)],
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="STAGE KEY=VALUE",
            help="Stage to train (default: all), and keys to override in the recipe.",
            show_default=False,
        ),
    ] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Estimate the time, memory and disk of each stage, and exit.")
    ] = False,
    compiled: Annotated[
        bool, typer.Option("--compile", help="Use torch.compile: slower to start, faster in long stages.")
    ] = False,
    directory: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Directory for the models.", show_default="runs/RECIPE")
    ] = None,
    processes: Annotated[
        int, typer.Option(min=1, metavar="N", help="Number of processes on this machine: one per GPU.")
    ] = 1,
    machines: Annotated[
        int, typer.Option(min=1, metavar="M", help="Number of machines; run this command on each.")
    ] = 1,
    machine_rank: Annotated[int, typer.Option(min=0, metavar="R", help="Rank of this machine, from 0.")] = 0,
    main_address: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT",
            help="Address of the first machine and a free port on it.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Train the models of a recipe, or one model and the models that it starts from.

    Train all stages of a recipe, in order:

        ontarget train phrasebook-tiny

    Train one stage, with the stages it needs, starting from your own model:

        ontarget train my-recipe.yaml ontarget stages.mt.from=path/to/model

    Train on four GPUs of this machine:

        ontarget train my-recipe.yaml --processes 4

    Each model is a Hugging Face checkpoint in runs/RECIPE/models/STAGE; the paths are printed. `ontarget run`
    continues with these models.
    """
    launch = Launch(processes, machines, machine_rank, main_address)
    given = list(arguments or [])
    stage = given.pop(0) if given and "=" not in given[0] else None
    if compiled:
        given += [f"stages.{name}.tuning.compile=true" for name in load(recipe, given).stages]
    check_stage(load(recipe, given), stage)  # before text is read, which may take minutes
    to_do = make_plan(recipe, given, directory, TerminalProgress())
    if plan:
        there = shelf() if machines == 1 else EMPTY
        show_plan(Console(highlight=False), to_do, to_do.training(stage, there), there)
        return
    try:
        models = make_models(to_do, stage, TerminalProgress(), launch)
    except KeyboardInterrupt as request:
        stopped(request)
    for model in models:
        typer.echo(model)
