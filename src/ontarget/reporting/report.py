"""The report page of a run: one HTML file that needs no network; its script filters the outputs."""

import base64
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ontarget.files import whole_file
from ontarget.languages import Direction
from ontarget.reporting import browser, curves, figures, run_files, table
from ontarget.reporting import table_formats as forms
from ontarget.reporting.confusion import confusion, heat_map
from ontarget.reporting.drawing import Drawing, inline
from ontarget.reporting.headline import cost, headline
from ontarget.reporting.outcomes import Outcomes, outcomes
from ontarget.reporting.paper import Paper
from ontarget.reporting.run_files import KINDS, RunFiles, Scores
from ontarget.reporting.systems import OURS, REFERENCE

FILE = "report.html"


def write(run_dir: Path) -> Path:
    """Writes `report.html` into a run directory, completely or not at all, and returns its path.

    Raises:
        UserError: a file of the run is missing or damaged; the message names the command that makes it.
    """
    page = render(run_files.read(run_dir))
    path = run_dir / FILE
    with whole_file(path) as temporary:
        temporary.write_text(page, encoding="utf-8", newline="\n")
    return path


def render(run: RunFiles) -> str:
    """The page as HTML text. All text of the run is escaped; only the figures are inserted as markup.

    Its content security policy allows only our script, by its hash, and no requests.
    """
    scores, details, paper = run.scores, run.details, Paper.of(run.recipe)
    averages = table.layout(scores, None, details, paper)
    matrices = confusion(details, scores.kind, scores.directions(scores.kind))
    script = (Path(__file__).parent / "page.js").read_text(encoding="utf-8")
    bars = [figures.off_target_bars(scores), figures.bleu_bars(scores)]
    scatter, packed = figures.scatter(scores), browser.pack(run)
    return (
        environment()
        .get_template("page.html.j2")
        .render(
            name=run.name,
            headline=headline(scores),
            cost=cost(scores),
            kind=scores.kind,
            averages=averages,
            by_direction=[
                table.layout(scores, kind, details, paper) for kind in KINDS if scores.directions(kind)
            ],
            paper=paper,
            intervals=any(row.low is not None for row in scores.rows),
            metrics={row.metric for row in scores.rows},
            details=details,
            legend=forms.legend(averages),
            mark=forms.MARK,
            bars=_inline(bars) if averages.columns else [],
            scatter=Markup(inline(scatter)) if scatter else None,
            heat_maps=[
                (scores.name(system), Markup(inline(heat_map(matrices, system, scores.name))))
                for system in matrices.percent
            ]
            if matrices
            else [],
            curves=[
                (stage, Markup(inline(curves.training_curve(stage, log)))) for stage, log in run.log.items()
            ],
            evaluations=[
                (stage, Markup(inline(curve)))
                for stage, log in run.log.items()
                if (curve := curves.evaluation_curve(stage, log))
            ],
            outcomes=outcomes(details, scores.directions(scores.kind)),
            second=_Second.of(run.second) if run.second else None,
            display_name=scores.name,
            packed=packed,
            marked=any(lines.words for of in details.lines.values() for lines in of.values()),
            languages_of={id: _languages_of(id) for id, _, _ in packed.directions} if packed else {},
            ordinal=_ordinal,
            script=Markup(script),
            script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
            recipe=run.recipe_text,
            times=_times(run),
            versions=run.versions,
            signatures=_signatures(run),
            lines=_numbers_of_lines(scores),
            ours=OURS,
            reference=REFERENCE,
        )
    )


@dataclass(frozen=True, slots=True)
class _Second:
    """What the page shows of a second test.

    Attributes:
        name: its name, which its outputs have as their kind.
        title: what it is of.
        lines: the numbers of segments of its directions.
    """

    name: str
    title: str
    kind: str
    lines: Sequence[int]
    table: table.Table
    bars: Sequence[Markup]
    outcomes: Outcomes | None

    @classmethod
    def of(cls, run: RunFiles) -> "_Second":
        scores, name = run.scores, run.name
        title, bars = table.SECOND_TESTS.get(name, name), figures.off_target_bars(run.scores)
        return cls(
            name,
            title,
            scores.kind,
            _numbers_of_lines(scores),
            table.layout(scores, None, run.details, test=name),
            _inline([replace(bars, label=f"{bars.label}, {title}")]),
            outcomes(run.details, scores.directions(scores.kind)),
        )


def environment() -> Environment:
    """The environment of the templates, which escape all values."""
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _numbers_of_lines(scores: Scores) -> list[int]:
    """The different numbers of segments of directions."""
    return sorted({row.n for row in scores.rows if row.direction != run_files.AVERAGE})


def _languages_of(direction: str) -> tuple[str, str]:
    """Source and target of `it-nl` or `everyday/it-nl`."""
    parsed = Direction.parse(direction.rpartition("/")[2])
    return str(parsed.source), str(parsed.target)


def _inline(drawings: Iterable[Drawing | None]) -> list[Markup]:
    return [Markup(inline(drawing)) for drawing in drawings if drawing]


def _times(run: RunFiles) -> list[tuple[str, str]]:
    times = run.times
    spent = {f"training {stage}": seconds for stage, seconds in times.training.items()}
    for part in (run, run.second) if run.second else (run,):
        test = f", {part.name}" if part is run.second else ""
        for system, seconds in part.times.translating.items():
            spent[f"translating, {run.scores.name(system)}{test}"] = seconds
    return [(what, _duration(seconds)) for what, seconds in spent.items()]


def _duration(seconds: float) -> str:
    """`42 s`, `7 min` or `3 h 20 min`."""
    minutes = round(seconds / 60)
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"


def _ordinal(number: int) -> str:
    """`second`, `third`, `4th`, `21st`."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return {2: "second", 3: "third"}.get(number, f"{number}{ending}")


def _signatures(run: RunFiles) -> list[tuple[str, str]]:
    """The signatures of directions; that of an average differs from them only in its number of lines."""
    rows = (row for row in run.scores.rows if row.direction != run_files.AVERAGE)
    tests = [("differences", run.details.test)] if run.details.test else []
    return list(dict.fromkeys((row.metric, row.signature) for row in rows)) + tests
