"""The table of `--plan`: the steps of a run and their estimated cost."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console

from ontarget.cli.progress import duration
from ontarget.pipeline.planning.cost import Cost
from ontarget.pipeline.planning.estimates import Estimates
from ontarget.pipeline.planning.models import check_models
from ontarget.pipeline.planning.plan import Plan
from ontarget.pipeline.planning.schedule import Total, total
from ontarget.pipeline.planning.shelf import EMPTY, Shelf
from ontarget.pipeline.planning.step import Step
from ontarget.tables import terminal_frame

if TYPE_CHECKING:
    from rich.table import Table

_UNKNOWN = "?"
_NAMES = {
    "synthetic": "translate for {}",
    "model": "train {}",
    "outputs": "translate with {}",
    "scores": "score",
    "report": "report",
}


def show_plan(
    console: Console, plan: Plan, steps: Sequence[Step], there: Shelf = EMPTY, workers: int = 1
) -> None:
    """Prints each step with its state and cost, and the total, without running anything.

    Args:
        console: prints.
        plan: the plan.
        steps: its steps.
        there: artifacts of other runs, whose times correct the estimates.
        workers: the number of processes that make steps at the same time.
    """
    said = check_models(plan, steps)
    estimates = Estimates(there, workers)
    costs = estimates.costs(plan, steps)
    table = cost_table("Step", f"{plan.recipe.name} in {plan.store.directory}")
    for step in steps:
        cost = costs[step.id]
        figures = [_time(cost), _bytes(cost.memory), _bytes(cost.disk)] if step.todo else ["", "", ""]
        table.add_row(_name(step), _state(step), *figures, style=None if step.todo else "dim")
    table.add_section()
    todo = [step for step in steps if step.todo]
    together = total(todo, costs, workers, estimates.at_full_speed)
    table.add_row("total", f"{len(todo)} to do", *figures_of(together), style="bold")
    console.print(table)
    for line in said:
        console.print(line, markup=False)
    if todo:
        console.print(f"{basis(together, workers)} Times without ~ were measured when the step last ran.")
        if endless := _endless(plan):
            console.print(endless)


def cost_table(of: str, title: str) -> "Table":
    """A table without rows: of each step or point its state, time, memory and disk."""
    table = terminal_frame([of, "State", "Time", "Memory", "Disk"], title, left=2, unwrapped=[2, 3, 4])
    for column in table.columns[:2]:  # also in a narrow terminal, whole names, and paths of other runs
        column.overflow, column.min_width = "fold", len("999 to do")
    return table


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


def figures_of(total: Total) -> list[str]:
    """Time, memory and disk of several steps, as printed."""
    open_end = "" if total.complete else " + ?"
    return [
        f"~{duration(total.seconds)}{open_end}",
        _bytes(total.memory),
        f"{_bytes(total.disk)}{open_end}",
    ]


def _time(cost: Cost) -> str:
    if cost.seconds is None:
        return _UNKNOWN
    return f"{'' if cost.measured else '~'}{duration(cost.seconds)}"


def _bytes(count: float | None) -> str:
    if count is None:
        return _UNKNOWN
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{max(count / 1e6, 0.1):.1f} MB"


def basis(total: Total, workers: int) -> str:
    """The basis of the estimated times."""
    shared = f" The total is for {workers} workers, which make steps at the same time." if workers > 1 else ""
    if not total.complete:
        return f"Times are estimates; those shown as ? need torch and the model on this machine.{shared}"
    return (
        "Times are estimates for an idle machine, from trying parts of the model and from any finished steps."
        f"{shared}"
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
