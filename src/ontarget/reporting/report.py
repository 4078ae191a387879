"""The page of a run: one HTML file that needs nothing else, neither network nor script."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ontarget.errors import UserError
from ontarget.files import whole_file
from ontarget.languages import Direction, Language
from ontarget.reporting import figures, run_files, table
from ontarget.reporting.headline import cost, headline
from ontarget.reporting.run_files import KINDS, Output, Run
from ontarget.reporting.systems import REFERENCE, display_name

SAMPLES = 3
"""Sample outputs shown of each direction."""
_LONGEST = 500  # characters shown of one text: an untuned model may run on for pages


@dataclass(frozen=True, slots=True)
class SampleOutput:
    """One system's answer to one sample.

    Attributes:
        language: the detected language spelt out, or `empty` (which has no language, and no probability).
        cut: the text ran to the length limit.
    """

    system: str
    text: str
    language: str
    probability: float | None
    off_target: bool
    cut: bool


@dataclass(frozen=True, slots=True)
class SampleSegment:
    """One source segment with its reference (may be empty) and each system's answer. `line` counts from 1."""

    line: int
    source: str
    reference: str
    outputs: tuple[SampleOutput, ...]


@dataclass(frozen=True, slots=True)
class DirectionSamples:
    """The samples of one direction."""

    name: str
    kind: str
    source: Language
    target: Language
    segments: tuple[SampleSegment, ...]


def write(run_dir: Path) -> Path:
    """Writes `report.html` into a run directory, whole or not at all, and returns its path.

    Raises:
        UserError: a file of the run is missing or damaged; says which, and what makes it.
    """
    page = render(run_files.read(run_dir))
    path = run_dir / "report.html"
    with whole_file(path) as temporary:
        temporary.write_text(page, encoding="utf-8", newline="\n")
    return path


def render(run: Run) -> str:
    """The page as HTML text. All text of the run is escaped; only the figures go in as they are."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    scores = run.scores
    averages = table.layout(scores)
    return environment.get_template("page.html.j2").render(
        name=run.name,
        headline=headline(scores),
        cost=cost(scores),
        averages=(table.caption(scores), averages),
        by_direction=[
            (table.caption(scores, kind), table.layout(scores, kind))
            for kind in KINDS
            if scores.directions(kind)
        ],
        bars=[
            Markup(draw(scores)) for draw in (figures.off_target_bars, figures.bleu_bars) if averages.columns
        ],
        curves=[(stage, Markup(figures.training_curve(stage, log))) for stage, log in run.log.items()],
        judged=[
            (stage, Markup(curve))
            for stage, log in run.log.items()
            if (curve := figures.evaluation_curve(stage, log))
        ],
        directions=[_samples(run, direction) for kind in KINDS for direction in scores.directions(kind)],
        recipe=run.recipe_text,
        versions=run.versions,
        signatures=_signatures(run),
        lines=sorted({row.n for row in scores.rows if row.direction != run_files.AVERAGE}),
        ours=figures.OURS,
        reference=REFERENCE,
    )


def _samples(run: Run, name: str) -> DirectionSamples:
    """Segments spread evenly over the test set, the same for every system: nobody picked them."""
    direction = Direction.parse(name)
    scored = {row.system for row in run.scores.rows if row.direction == name}
    outputs = {system: run.outputs(system, name) for system in run.scores.systems if system in scored}
    _same_sources(run, name, outputs)
    count = min(map(len, outputs.values()), default=0)
    places = [i * count // min(SAMPLES, count) for i in range(min(SAMPLES, count))]
    first = next(iter(outputs.values()), [])
    segments = tuple(
        SampleSegment(
            place + 1,
            _shortened(first[place].source),
            _shortened(first[place].reference or ""),
            tuple(_shown(system, rows[place], direction.target) for system, rows in outputs.items()),
        )
        for place in places
    )
    kind = next(row.kind for row in run.scores.rows if row.direction == name)
    return DirectionSamples(table.direction_name(name), kind, direction.source, direction.target, segments)


def _same_sources(run: Run, direction: str, outputs: Mapping[str, Sequence[Output]]) -> None:
    """Line n of each system's outputs must answer the same source: the page sets them side by side."""
    (first, *others) = outputs or [""]
    for other in others:
        pairs = zip(outputs[first], outputs[other], strict=False)
        for line, (one, two) in enumerate(pairs, start=1):
            if one.source != two.source:
                folder = run.directory / "outputs"
                raise UserError(
                    f"{folder / other / direction}.jsonl, line {line}: another source than in "
                    f"{folder / first / direction}.jsonl; without both, 'ontarget run {run.name}' makes them"
                )


def _shown(system: str, output: Output, target: Language) -> SampleOutput:
    empty = not output.text.strip()
    return SampleOutput(
        display_name(system),
        _shortened(output.text),
        "empty" if empty else _language_name(output.language),
        None if empty else output.language_probability,
        empty or output.language not in {target.fasttext_label, str(target)},
        output.finish_reason == "length",
    )


def _language_name(label: str) -> str:
    """`Dutch` for the identifier's `nl`; a label that CLDR does not know is left as it is."""
    try:
        return Language(label).name()
    except UserError:
        return label


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1].rstrip() + "…"


def _signatures(run: Run) -> list[tuple[str, str]]:
    """Those of the directions: one of an average differs from them in its count of lines alone."""
    rows = (row for row in run.scores.rows if row.direction != run_files.AVERAGE)
    return list(dict.fromkeys((row.metric, row.signature) for row in rows))
