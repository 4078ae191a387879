"""The page that compares several runs: one HTML file without scripts that needs no network."""

from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup

from ontarget.files import whole_file
from ontarget.reporting import table_formats as forms
from ontarget.reporting.comparison_figures import scatter, side_by_side
from ontarget.reporting.drawing import Drawing, inline
from ontarget.reporting.headline import headline
from ontarget.reporting.report import environment
from ontarget.reporting.run_files import KINDS, RunFiles
from ontarget.reporting.series import Series, differences, incomparable, series_of
from ontarget.reporting.systems import OURS, REFERENCE
from ontarget.reporting.table import comparison, comparison_of_second

FILE = "comparison.html"


def write(runs: Sequence[RunFiles], path: Path) -> Path:
    """Writes the page, completely or not at all, and returns its path."""
    page = render(runs)
    with whole_file(path) as temporary:
        temporary.write_text(page, encoding="utf-8", newline="\n")
    return path


def render(runs: Sequence[RunFiles]) -> str:
    """The page as HTML text. All text of the runs is escaped; only the figures are inserted as markup."""
    series = series_of(runs)
    averages = comparison(series)
    rows = [row for one in series for row in one.scores.rows]
    kinds = [kind for kind in KINDS if any(row.kind == kind for row in rows)]
    return (
        environment()
        .get_template("comparison.html.j2")
        .render(
            names=[run.name for run in runs],
            title=f"Comparison of {len(runs)} runs",
            headlines=[(one.name, headline(one.scores)) for one in series],
            averages=averages,
            by_direction=[comparison(series, kind) for kind in kinds],
            intervals=any(row.low is not None for row in rows),
            deviations=any(row.deviation is not None for row in rows),
            legend=forms.legend(averages),
            mark=forms.MARK,
            second=comparison_of_second(series),
            unlike=incomparable(series),
            figures=[Markup(inline(drawing)) for drawing in drawings(series)],
            differences=differences(runs),
            ours=OURS,
            reference=REFERENCE,
        )
    )


def drawings(series: Sequence[Series]) -> list[Drawing]:
    """The figures of the page, for each kind of direction that has scores."""
    found = []
    for kind in KINDS:
        found += [side_by_side(series, "otr", kind), side_by_side(series, "bleu", kind)]
    found += [scatter(series, kind) for kind in KINDS]
    return [drawing for drawing in found if drawing]
