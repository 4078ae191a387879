"""Output of `ontarget run` for a sweep: the points with their estimated cost, or their scores."""

from rich.console import Console

from ontarget.cli.output_formats import WIDE
from ontarget.cli.plan import basis, cost_table, figures_of
from ontarget.cli.progress import TerminalProgress, stopped
from ontarget.errors import counted
from ontarget.pipeline.execution.sweep import Sweep
from ontarget.pipeline.planning.estimates import Estimates
from ontarget.pipeline.planning.models import check_models
from ontarget.pipeline.planning.schedule import Total, total
from ontarget.reporting import table_formats as forms
from ontarget.reporting.sweep import differences, table


def run_sweep(sweep: Sweep, *, plan: bool, workers: int) -> None:
    """Runs a sweep and prints its scores; with `plan`, only prints the estimated cost."""
    console = Console(highlight=False)
    if plan:
        _show_plan(console, sweep, workers)
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


def _show_plan(console: Console, sweep: Sweep, workers: int) -> None:
    missing = sweep.missing()
    for of_missing, steps in missing:
        check_models(of_missing.plan, steps)
    estimates = Estimates(sweep.shelf(), workers)
    table = cost_table("Point", f"{sweep.name} in {sweep.directory}")
    to_do = {planned.point.label: (planned.plan, steps) for planned, steps in missing}
    together = Total()
    for planned in sweep.own:
        label = planned.point.label
        if planned.done:
            table.add_row(label, "done", "", "", "", style="dim")
            continue
        of_point, steps = to_do[label]
        todo = [step for step in steps if step.todo]
        alone = total(todo, estimates.costs(of_point, todo), workers, estimates.at_full_speed)
        together = together.then(alone)
        table.add_row(label, counted(len(todo), "step"), *figures_of(alone))
    table.add_section()
    table.add_row("total", counted(len(missing), "point"), *figures_of(together), style="bold")
    console.print(table)
    if missing:
        console.print(f"Shared steps count at the first point that needs them. {basis(together, workers)}")
