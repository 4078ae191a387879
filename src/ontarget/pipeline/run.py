"""`ontarget.run`: executes the missing steps of a recipe."""

import json
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

from ontarget.deprecations import deprecations_unsaid
from ontarget.errors import UserError
from ontarget.files import full_disk_said, read_jsonl, whole_file
from ontarget.pipeline.execution.launch import Launch, follow
from ontarget.pipeline.execution.making import Maker
from ontarget.pipeline.execution.progress import Progress, Silent
from ontarget.pipeline.execution.workers import make_together
from ontarget.pipeline.finished import Run
from ontarget.pipeline.planning.artifacts import Store
from ontarget.pipeline.planning.directory import run_directory
from ontarget.pipeline.planning.inputs import left_out, load_text
from ontarget.pipeline.planning.models import check_models
from ontarget.pipeline.planning.plan import Plan
from ontarget.pipeline.planning.resolved import write_resolved
from ontarget.pipeline.planning.served import load_fitting
from ontarget.pipeline.planning.shelf import EMPTY, Shelf, shelf, take_over
from ontarget.pipeline.planning.step import Step
from ontarget.recipes.loading import Overrides
from ontarget.recipes.schema.grid import keys
from ontarget.recipes.schema.recipe import Recipe


def run(
    recipe: str | Path | Recipe = "phrasebook-tiny",
    overrides: Overrides = (),
    directory: Path | str | None = None,
    progress: Progress | None = None,
    workers: int = 1,
) -> Run:
    """Runs a recipe end to end: models, outputs, scores, report. Redoes only missing or changed steps.

        run = ontarget.run("phrasebook-tiny", {"test_lines": 50})
        print(run)

    Args:
        recipe: the name of a recipe that ships with ontarget, or the path of your own.
        overrides: `{"stages.lat.alpha": 0.1}` or `["stages.lat.alpha=0.1"]`.
        directory: the run directory; default: `runs/<name of the recipe>`.
        progress: receives messages and progress.
        workers: processes that make steps at the same time, see `carry_out`.
    Raises:
        UserError: the recipe, its text or its models are wrong, or another process uses the directory.
    """
    return carry_out(make_plan(recipe, overrides, directory, progress), progress, workers=workers)


def carry_out(
    plan: Plan, progress: Progress | None = None, there: Shelf | None = None, workers: int = 1
) -> Run:
    """Executes the missing steps of a plan.

    Args:
        plan: the steps of a recipe.
        progress: receives messages and progress.
        there: artifacts of other runs that may be taken over; default: those of all runs in `runs/`.
        workers: processes that make steps at the same time, each with a share of the processor's cores, or a
            GPU of its own where there are several.
    """
    progress = progress or Silent()
    there = shelf() if there is None else there
    # Finds mistakes before the directory is made; the steps are read again under the lock.
    for line in check_models(plan, plan.everything(there)):
        progress.say(line)
    with plan.store.lock(), full_disk_said(plan.store.directory), deprecations_unsaid():
        for line in take_over(plan.store, plan.everything(there), there):
            progress.say(line)
        _do(plan, plan.everything(), progress, workers=workers)
    return Run(plan.store.directory)


def train(
    plan: Plan, stage: str | None = None, progress: Progress | None = None, launch: Launch | None = None
) -> list[Path]:
    """Trains the models of a recipe, or one model and those that it starts from; returns their folders.

    Models that another run in `runs/` has are taken over, unless several machines train: all of them must
    know the same steps.

    Args:
        plan: the steps of a recipe.
        stage: the stage to train; default: all.
        progress: receives messages and progress.
        launch: several processes, perhaps on several machines, each of which calls this function.
    """
    launch = launch or Launch()
    there = shelf() if launch.machines == 1 else EMPTY
    steps = plan.training(stage, there)  # as above
    check_models(plan, steps)
    if not launch.alone:
        launch.require({step.name: plan.recipe.stages[step.name] for step in steps if step.kind == "model"})
    if launch.machine_rank:
        follow(launch, plan, steps, progress or Silent())
    else:
        with plan.store.lock(), full_disk_said(plan.store.directory), deprecations_unsaid():
            for line in take_over(plan.store, plan.training(stage, there), there):
                (progress or Silent()).say(line)
            steps = plan.training(stage)
            _do(plan, steps, progress or Silent(), launch)
    return [plan.store.model(step.name) for step in steps if step.kind == "model"]


def make_plan(
    recipe: str | Path | Recipe,
    overrides: Overrides = (),
    directory: Path | str | None = None,
    progress: Progress | None = None,
) -> Plan:
    """Reads a recipe and its text; writes nothing except the cache."""
    loaded = load_fitting(recipe, overrides, progress.say if progress else None)
    if loaded.sweep:
        raise UserError(
            f"'{loaded.name}' sweeps {', '.join(keys(loaded.sweep))}; run it with 'ontarget run', "
            "or set sweep=null for a single run"
        )
    loaded, corpus = load_text(loaded, progress)
    return Plan(loaded, corpus, Store(run_directory(directory, loaded.name)))


def _do(
    plan: Plan,
    steps: Sequence[Step],
    progress: Progress,
    launch: Launch | None = None,
    workers: int = 1,
) -> None:
    """Makes all parts of steps that are to do, under the lock of the run directory."""
    recipe, directory = plan.recipe, plan.store.directory
    for store in map(plan.store_of, plan.texts):
        store.remove_leftovers(recipe.stages, recipe.systems)
        for path in store.damaged():
            progress.say(f"{path} is damaged; it counts as missing")
    todo = [step for step in steps if step.todo]
    if any(step.kind in ("synthetic", "model", "outputs") for step in todo):
        _require_models(recipe, [step.name for step in todo if step.kind == "model"])
    write_resolved(recipe, directory, remade=any(step.kind != "report" for step in todo))
    _join_logs(plan)
    if any(step.kind == "model" for step in todo):
        for line in left_out(plan.corpus):
            progress.say(line)
    if not todo:
        progress.say(f"nothing to do: {directory} is complete")
    together = workers > 1 and len(todo) > 1
    made = (
        make_together(plan, todo, workers, progress)
        if together
        else _one_by_one(plan, todo, progress, launch or Launch())
    )
    for step in made:
        if step.kind == "model":
            _join_logs(plan)


def _one_by_one(plan: Plan, todo: Sequence[Step], progress: Progress, launch: Launch) -> Iterator[Step]:
    """Makes steps in order; yields each when it is made."""
    maker = Maker(plan, progress, launch)
    for step in todo:
        maker.make(step)
        yield step


def _join_logs(plan: Plan) -> None:
    """Writes `log.jsonl` from the logs of the existing models, so that it has no records of others."""
    path = plan.store.directory / "log.jsonl"
    lines = []
    for stage in plan.recipe.stage_order():
        log = plan.store.model(stage) / "log.jsonl"
        records = read_jsonl(log, damaged="skip") if log.exists() else []
        lines += [json.dumps({"stage": stage, **record}) + "\n" for record in records]
    text = "".join(lines)
    if text.encode() != (path.read_bytes() if path.exists() else b""):
        with whole_file(path) as temporary:
            temporary.write_text(text, encoding="utf-8")


def _require_models(recipe: Recipe, to_train: Sequence[str]) -> None:
    """Checks for missing packages before the first stage, not after it."""
    if recipe.on_server(recipe.model):
        return
    missing = [package for package in ("torch", "transformers", "accelerate") if find_spec(package) is None]
    if missing:
        raise UserError(f"models need {' and '.join(missing)}: pip install 'ontarget[train]'")
    if to_train:
        from ontarget.training.requirements import require_available

        for stage in to_train:
            require_available(recipe.stages[stage].tuning, f"stages.{stage}.tuning")
