"""`ontarget report`: writes the page of a run, its tables and figures, or compares several runs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from ontarget.cli.options import require_folder, require_new_place, require_outside
from ontarget.cli.output_formats import WIDE
from ontarget.errors import UserError, nearest
from ontarget.reporting.drawing import Format

if TYPE_CHECKING:
    from ontarget.reporting.run_files import Kind, RunFiles
    from ontarget.reporting.table import Table


def report(
    runs: Annotated[
        list[str], typer.Argument(metavar="RUN...", help="Run directories, or their names in runs/.")
    ],
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the tables as Markdown.")] = False,
    latex: Annotated[
        bool, typer.Option("--latex", help="Print the tables as LaTeX (needs the package booktabs).")
    ] = False,
    figures: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write the figures to this folder.", show_default=False),
    ] = None,
    form: Annotated[
        Format | None,
        typer.Option(
            "--format", help="Format of the figures; svg suits light and dark pages.", show_default="svg"
        ),
    ] = None,
    page: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="File for the page that compares several runs.",
            show_default="comparison.html",
        ),
    ] = None,
) -> None:
    """Write the report of a run, export its tables and figures, or compare several runs.

    It reads the results in the run's directory, or those that ship with a recipe, and computes no new scores.
    With one run and no option, it writes `report.html`, which needs no network:

        ontarget report phrasebook-tiny

    Compare several runs, in a table and on the page `comparison.html`. Runs whose recipes differ only in the
    seed share one row, with mean ± standard deviation:

        ontarget report runs/seed-1 runs/seed-2 runs/other

    Export tables and figures for a paper:

        ontarget report multi30k-tiny --latex > table.tex
        ontarget report multi30k-tiny --figures figures --format pdf

    For a sweep, print one row per point (mean over seeds) and the differences from the baseline that the
    sweep names. With --figures, plot BLEU and OTR against the swept values:

        ontarget report multi30k-figure3-alpha --markdown
    """
    from ontarget.reporting import run_files, sweep

    if markdown and latex:
        raise UserError("--markdown and --latex cannot be combined; choose one")
    if form and not figures:
        raise UserError(f"--format {form.value} needs --figures; add --figures DIR")
    folders = [_folder(name) for name in runs]
    sweeps = [folder for folder in folders if sweep.is_sweep(folder)]
    if sweeps and len(folders) > 1:
        raise UserError(
            f"{sweeps[0]} is a sweep, which cannot be combined with other runs; give only the sweep"
        )
    if page and (len(folders) == 1 or markdown or latex or figures):
        raise UserError(
            "--page needs several runs, and cannot be combined with --markdown, --latex or --figures"
        )
    if page:
        require_new_place("--page", page, [])
        if page.suffix != ".html":  # a page may be replaced, but no result
            require_outside("--page", page, [str(folder) for folder in folders])
    if figures:
        require_folder("--figures", figures)
    form = form or Format.svg
    if sweeps and figures:
        from ontarget.reporting import drawing

        for one in sweep.drawings(sweeps[0]):
            _say(drawing.write(one, figures, form))
    if sweeps:
        if markdown or latex or not figures:
            tables = [sweep.table(sweeps[0]), *sweep.differences(sweeps[0])]
            _print(tables, markdown=markdown, latex=latex)
        return
    if len(folders) == 1 and not (markdown or latex or figures):
        from ontarget.reporting import report as report_page

        _say(report_page.write(folders[0]))
        return
    read = [run_files.read(folder) for folder in folders]
    if figures:
        from ontarget.reporting import drawing, gallery

        for run in read:
            for one in gallery.drawings(run):
                _say(drawing.write(one, figures if len(read) == 1 else figures / run.name, form))
        if len(read) > 1:
            from ontarget.reporting.comparison_page import drawings
            from ontarget.reporting.series import series_of

            for one in drawings(series_of(read)):
                _say(drawing.write(one, figures, form))
    if markdown or latex or not figures:
        _print(_tables(read), markdown=markdown, latex=latex)
    if not (markdown or latex or figures):
        from ontarget.reporting import comparison_page as several

        _say(several.write(read, page or Path("comparison.html")))


def _folder(name: str) -> Path:
    """The directory of this path, or of this name in `runs`; for a recipe whose results ship, it is made."""
    for folder in (Path(name), Path("runs") / name):
        if folder.is_dir():
            return folder
    from ontarget.pipeline.execution import shipped_points

    if name in shipped_points.names():
        from ontarget.cli.progress import TerminalProgress
        from ontarget.pipeline.execution import shipped_results

        there, planned = shipped_results.write(name, Path("runs") / name, TerminalProgress())
        others = f"; 'ontarget run {name}' runs the others" if there < planned else ""
        typer.echo(f"{there} of {planned} points of {name} ship with ontarget{others}", err=True)
        return Path("runs") / name
    known = sorted(path.name for path in Path("runs").glob("[!.]*") if path.is_dir()) + shipped_points.names()
    raise UserError(f"there is no run '{name}', neither as a directory nor in runs/{nearest(name, known)}")


def _tables(runs: "list[RunFiles]") -> "list[Table]":
    from ontarget.reporting.paper import Paper
    from ontarget.reporting.run_files import KINDS
    from ontarget.reporting.series import series_of
    from ontarget.reporting.table import comparison, comparison_of_second, layout

    if len(runs) > 1:
        series = series_of(runs)
        return [table for table in (comparison(series), comparison_of_second(series)) if table]
    (run,) = runs
    paper = Paper.of(run.recipe)
    kinds: list[Kind | None] = [None, *(kind for kind in KINDS if run.scores.directions(kind))]
    tables = [layout(run.scores, kind, run.details, paper) for kind in kinds]
    if second := run.second:
        tables.append(layout(second.scores, None, second.details, test=second.name))
    return tables


def _print(tables: "list[Table]", *, markdown: bool, latex: bool) -> None:
    from ontarget.reporting import table_formats as forms

    if markdown:
        typer.echo("\n".join(f"{table.caption}\n\n{forms.markdown(table)}" for table in tables), nl=False)
    elif latex:
        typer.echo("\n".join(map(forms.latex, tables)), nl=False)
    else:
        console = Console(highlight=False)
        if not console.is_terminal:
            console.width = WIDE
        for table in tables:
            for part in forms.terminals(table, console.width):
                console.print(part)


def _say(path: Path) -> None:
    typer.echo(str(path))
