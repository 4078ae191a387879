"""Output of `ontarget run` for a sweep: the points with their estimated cost, or their scores."""

from rich.console import Console

from ontarget.cli.output_formats import WIDE
from ontarget.cli.plan import basis, sums
from ontarget.cli.progress import TerminalProgress, stopped
from ontarget.pipeline.execution.sweep import Sweep
from ontarget.pipeline.planning.cost import Estimator
from ontarget.pipeline.planning.models import check_models
from ontarget.pipeline.planning.pace import paces
from ontarget.pipeline.planning.probe import probe
from ontarget.reporting import table_formats as forms
from ontarget.reporting.sweep import differences, table
from ontarget.tables import terminal_frame


def run_sweep(sweep: Sweep, *, plan: bool, workers: int) -> None:
    """Runs a sweep and prints its scores; with `plan`, only prints the estimated cost."""
    console = Console(highlight=False)
    if plan:
        _show_plan(console, sweep)
        return
    try:
        sweep.carry_out(TerminalProgress(), workers)
    except KeyboardInterrupt as request:
        stopped(request)
    if not console.is_terminal:
        console.width = WIDE
    for one in (table(sweep.directory), *differences(sweep.directory)):
        for part in forms.terminals(one, console.width):
            console.print(part)
    console.print(f"points: {sweep.directory / 'points'}", soft_wrap=True, markup=False)
    console.print(f"figures: ontarget report {sweep.directory} --figures DIR", soft_wrap=True, markup=False)


def _show_plan(console: Console, sweep: Sweep) -> None:
    missing = sweep.missing()
    for of_missing, steps in missing:
        check_models(of_missing.plan, steps)
    known = paces(sweep.shelf())
    table = terminal_frame(
        ["Point", "State", "Time", "Memory", "Disk"],
        f"{sweep.name} in {sweep.directory}",
        left=2,
        unwrapped=[0, 2, 3, 4],
    )
    to_do = {planned.point.label: (planned.plan, steps) for planned, steps in missing}
    together = []
    for planned in sweep.own:
        label = planned.point.label
        if planned.done:
            table.add_row(label, "done", "", "", "", style="dim")
            continue
        of_point, steps = to_do[label]
        estimator = Estimator(of_point, probe, known)
        costs = [estimator.cost(step) for step in steps if step.todo]
        together += costs
        table.add_row(label, f"{len(costs)} of {len(steps)} steps to do", *sums(costs))
    table.add_section()
    table.add_row("total", f"{len(missing)} of {len(sweep.own)} points to do", *sums(together), style="bold")
    console.print(table)
    if together:
        console.print(f"Shared steps count at the first point that needs them. {basis(together)}")
