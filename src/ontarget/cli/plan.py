"""The table of `--plan`: the steps of a run and their estimated cost."""

from collections.abc import Sequence

from rich.console import Console

from ontarget.cli.progress import duration
from ontarget.pipeline.planning.cost import Cost, Estimator
from ontarget.pipeline.planning.models import check_models
from ontarget.pipeline.planning.pace import paces
from ontarget.pipeline.planning.plan import Plan
from ontarget.pipeline.planning.probe import probe
from ontarget.pipeline.planning.shelf import EMPTY, Shelf
from ontarget.pipeline.planning.step import Step
from ontarget.tables import terminal_frame

_UNKNOWN = "?"
_NAMES = {
    "synthetic": "translate for {}",
    "model": "train {}",
    "outputs": "translate with {}",
    "scores": "score",
    "report": "report",
}


def show_plan(console: Console, plan: Plan, steps: Sequence[Step], there: Shelf = EMPTY) -> None:
    """Prints each step with its state and cost, and the total, without running anything.

    Args:
        console: prints.
        plan: the plan.
        steps: its steps.
        there: artifacts of other runs, whose times correct the estimates.
    """
    said = check_models(plan, steps)
    estimator = Estimator(plan, probe, paces(there))
    costs = [estimator.cost(step) for step in steps]
    table = terminal_frame(
        ["Step", "State", "Time", "Memory", "Disk"],
        f"{plan.recipe.name} in {plan.store.directory}",
        left=2,
        unwrapped=[0, 2, 3, 4],
    )
    table.columns[1].overflow = "fold"  # whole paths of other runs, also in a narrow terminal
    for step, cost in zip(steps, costs, strict=True):
        figures = [_time(cost), _bytes(cost.memory), _bytes(cost.disk)] if step.todo else ["", "", ""]
        table.add_row(_name(step), _state(step), *figures, style=None if step.todo else "dim")
    table.add_section()
    todo = [cost for step, cost in zip(steps, costs, strict=True) if step.todo]
    table.add_row("total", f"{len(todo)} of {len(steps)} to do", *sums(todo), style="bold")
    console.print(table)
    for line in said:
        console.print(line, markup=False)
    if todo:
        console.print(f"{basis(todo)} Times without ~ were measured when the step last ran.")
        if endless := _endless(plan):
            console.print(endless)


def _name(step: Step) -> str:
    name = _NAMES[step.kind].format(step.name)
    return f"{name}, {step.test}" if step.test else name


def _state(step: Step) -> str:
    runs = f"from {', '.join(map(str, dict.fromkeys(step.taken.values())))}"
    if not step.todo:
        return runs if step.taken else "done"
    what = "changed" if all(part in step.made for part in step.todo) else "to do"
    if 1 < len(step.fingerprints) != len(step.todo):
        what = f"{what}: {len(step.todo)} of {len(step.fingerprints)} directions"
    return f"{what}; others {runs}" if step.taken else what


def sums(costs: Sequence[Cost]) -> list[str]:
    """Total time and disk and largest memory of several steps, as printed."""
    seconds, disk = [cost.seconds for cost in costs], [cost.disk for cost in costs]
    time = sum(s for s in seconds if s is not None)
    memory = max((cost.memory or 0.0 for cost in costs), default=0.0)
    open_end = " + ?" if None in seconds or None in disk else ""
    return [
        f"~{duration(time)}{open_end}",
        _bytes(memory),
        f"{_bytes(sum(d for d in disk if d is not None))}{open_end}",
    ]


def _time(cost: Cost) -> str:
    if cost.seconds is None:
        return _UNKNOWN
    return f"{'' if cost.measured else '~'}{duration(cost.seconds)}"


def _bytes(count: float | None) -> str:
    if count is None:
        return _UNKNOWN
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{max(count / 1e6, 0.1):.1f} MB"


def basis(costs: Sequence[Cost]) -> str:
    """The basis of the estimated times."""
    if any(cost.seconds is None for cost in costs):
        return "Times are estimates; those shown as ? need torch and the model on this machine."
    return (
        "Times are estimates for an idle machine, from trying parts of the model and from any finished steps."
    )


def _endless(plan: Plan) -> str:
    """A note on models whose outputs may be much longer than the references."""
    recipe = plan.recipe
    models = {recipe.model_of(system) for system in recipe.systems}
    if all(recipe.stage_of(model) for model in models):
        return ""
    return (
        "Outputs are taken to be as long as the text. Models that are not tuned to translate often go on to "
        f"decoding.max_new_tokens ({recipe.decoding.max_new_tokens}), which takes many times as long."
    )
