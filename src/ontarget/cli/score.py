"""`ontarget score`: anyone's translations, without a model."""

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ontarget.cli.answers import Given, answers_of
from ontarget.cli.forms import chosen, print_csv, print_json, print_tables
from ontarget.cli.options import (
    Among,
    Environment,
    Key,
    Lid,
    OfTestSet,
    ReferenceKey,
    Source,
    SourceKey,
    TestSet,
    To,
    require_new_place,
)
from ontarget.cli.progress import watched
from ontarget.errors import UserError
from ontarget.files import whole_file
from ontarget.languages import Language
from ontarget.scoring.answers import Answers, Line
from ontarget.scoring.off_target import Segment
from ontarget.scoring.outcome import OUTCOMES
from ontarget.scoring.score import SUFFIX, Score, display_name
from ontarget.scoring.scorecard import REFERENCED, Scorecard, Scorer, Seen

if TYPE_CHECKING:
    from ontarget.scoring.language_id import Identifier

FLOOR = "otr_floor"


def score(
    hypotheses: Annotated[
        list[str],
        typer.Argument(
            metavar="HYP...",
            help="Translations: plain text, one a line; JSON lines or a JSON list; WMT's XML or SGM; each "
            "compressed or not. - is standard input. Or a run's directory, or any part of its outputs.",
        ),
    ],
    to: To = None,
    from_: Annotated[
        str | None,
        typer.Option("--from", metavar="LANGUAGE", help="The source's: adds which lines stayed in it."),
    ] = None,
    reference: Annotated[
        list[str] | None,
        typer.Option(
            metavar="REF",
            help="Human translations, line by line: adds --metrics and the floor. May be repeated.",
        ),
    ] = None,
    source: Source = None,
    key: Key = None,
    reference_key: ReferenceKey = None,
    source_key: SourceKey = None,
    test_set: TestSet = None,
    direction: OfTestSet = None,
    metrics: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES",
            help="Of bleu, chrf, chrf++, ter, spbleu; and, without reference: lpr, wpr, lcpr.",
            show_default="bleu,chrf",
        ),
    ] = None,
    comet: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="Adds COMET or MetricX, by a model's name: Unbabel/wmt22-comet-da; needs --source.",
        ),
    ] = None,
    environment: Environment = None,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict", help="Also empty, copied, run-on and doubtful lines are off-target: adds OTR strict."
        ),
    ] = False,
    lid: Lid = "lid.176.ftz",
    among: Among = None,
    confidence: Annotated[
        bool, typer.Option("--confidence", help="95 % intervals: Wilson's for ratios, else by bootstrap.")
    ] = False,
    lines: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write each line's outcome, language and text there, as CSV."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON: an object, or a list for several HYP.")
    ] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV: a line a score.")] = False,
    latex: Annotated[bool, typer.Option("--latex", help="Print a LaTeX table (booktabs).")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print a Markdown table.")] = False,
) -> None:
    """Score translations: how many are not in the language asked for (OTR); with a reference, BLEU and chrF.

    Each metric comes a second time *on target*: an off-target line is then worth nothing, however good it is
    in its own language. Language identification errs on human text too; with a reference you therefore see
    the floor, the OTR of the reference itself. Scores with the same signature may be compared.

        ontarget score answers.txt --to fr
        ontarget score a.txt b.txt --reference test.fr.gz --source test.de.gz --from de --to fr --strict
        ontarget score predictions.jsonl --to fr --key answer
        ontarget score answers.txt --test-set wmt22 --direction de-fr --metrics bleu,chrf++,ter
        ontarget score runs/phrasebook-tiny --markdown
        ontarget score answers.txt --to fr --lines lines.csv
        cat answers.txt | ontarget score - --to fr --json
    """
    form = chosen(json=as_json, csv=as_csv, latex=latex, markdown=markdown)
    names = names_of(metrics) if metrics else ["bleu", "chrf"]
    if lines is not None:
        require_new_place("--lines", lines, [*hypotheses, *(reference or ()), source])
    kept = comet is not None
    given = Given(
        to,
        from_,
        tuple(reference or ()),
        source,
        test_set,
        direction,
        tuple(key or ()),
        reference_key,
        source_key,
    )
    with _by_line(lines) as told:
        scorer = Scorer(
            identifier(lid, among), names, strict=strict, intervals=confidence, segments=kept, seen=told
        )
        cards = [scorer.card(answers) for answers in watched(answers_of(hypotheses, given), "scoring")]
    if metrics:
        _check_references(cards, names)
    if comet:
        from ontarget.scoring.neural import add_neural

        add_neural(cards, comet, environment, intervals=confidence)

    if form == "json":
        objects = [_object(card) for card in cards]
        print_json(objects if len(objects) > 1 else objects[0])
    elif form == "csv":
        print_csv([row for card in cards for row in _lines(card)])
    else:
        columns = {title: "" for card in cards for title in _scores(card, confidence)}
        scores = [_label(card, cards) | columns | _scores(card, confidence) for card in cards]
        seen = [outcome for outcome in OUTCOMES if any(card.breakdown.get(outcome) for card in cards)]
        outcomes = [_label(card, cards) | {o: str(card.breakdown.get(o, 0)) for o in seen} for card in cards]
        tables = [("", scores), ("mean over directions", _means(cards)), ("lines", outcomes)]
        tables = [(title, rows) for title, rows in tables if rows]
        print_tables(tables, form, notes_of([pair for card in cards for pair in card.scores.items()]))


@contextmanager
def _by_line(path: Path | None) -> Iterator[Seen | None]:
    """What writes a row for each line that is scored; `outcome` is `on`, or how the line is off-target."""
    if path is None:
        yield None
        return
    with whole_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["hypothesis", "line", "outcome", "language", "probability", "text"])

        def write(answers: Answers, before: int, lines: Sequence[Line], found: Sequence[Segment]) -> None:
            each = enumerate(zip(lines, found, strict=True), start=before + 1)
            for number, (line, (guess, _, outcome)) in each:
                place, probability = [answers.path, number], f"{guess.probability:.4f}"
                rows.writerow([*place, outcome, guess.label, probability, line.text])

        yield write


def _check_references(cards: Sequence[Scorecard], names: Sequence[str]) -> None:
    for card in cards:
        missing = [name for name in names if name in REFERENCED and name not in card.scores]
        if missing:
            raise UserError(
                f"{missing[0]} of '{card.answers.path}' needs human translations: --reference REF"
            )


def _label(card: Scorecard, cards: Sequence[Scorecard]) -> dict[str, str]:
    """What tells a row from the others: the file, or system and direction; of several runs, the folder."""
    answers = card.answers
    if not answers.of_run:
        return {"hypothesis": answers.path}
    same = [(c.answers.system, c.answers.direction) for c in cards].count((answers.system, answers.direction))
    return {
        "system": str(Path(answers.path).parent) if same > 1 else answers.system,
        "direction": str(answers.direction),
    }


def _scores(card: Scorecard, intervals: bool) -> dict[str, str]:
    return {_title(name): figure(score, intervals) for name, score in card.scores.items()}


def _title(name: str) -> str:
    return display_name(name) + (" %" if name.startswith("otr") else "")


def _means(cards: Sequence[Scorecard]) -> list[dict[str, str]]:
    """The mean scores of each system of a run that answered in several directions."""
    by_system: dict[str, list[Scorecard]] = {}
    for card in cards:
        by_system.setdefault(_label(card, cards).get("system", ""), []).append(card)
    by_system.pop("", None)
    if not any(len(of_system) > 1 for of_system in by_system.values()):
        return []
    names = [name for name in cards[0].scores if all(name in card.scores for card in cards)]
    rows = []
    for system, of_system in by_system.items():
        figures = {}
        for name in names:
            value = mean(card.scores[name].value for card in of_system)
            figures[_title(name)] = figure(replace(of_system[0].scores[name], value=value), interval=False)
        rows.append({"system": system, "directions": str(len(of_system)), **figures})
    return rows


def notes_of(scores: Sequence[tuple[str, Score]]) -> list[str]:
    """The signatures, but for those that others imply."""
    notes = [score.settings for name, score in scores if name != FLOOR and not name.endswith(SUFFIX)]
    if any(name.endswith(SUFFIX) for name, _ in scores):
        ratio = display_name("otr_strict" if "otr_strict" in dict(scores) else "otr")
        notes.append(f"on target: what {ratio} counts as off-target is worth nothing")
    return list(dict.fromkeys(notes))


def figure(score: Score, interval: bool) -> str:
    """A score as printed, with its interval if asked for: `34.10 [32.87, 35.40]`."""
    digits = 4 if score.metric.startswith("comet") else 2  # a scale from 0 to 1, and one to 100
    text = f"{score.value:.{digits}f}"
    if not interval or not score.interval:
        return text
    return f"{text} [{score.interval.low:.{digits}f}, {score.interval.high:.{digits}f}]"


def _object(card: Scorecard) -> dict[str, Any]:
    """The keys that others rely on: `hypothesis`, each score by name, `breakdown`."""
    scores = {}
    for name, score in card.scores.items():
        scores[name] = score.as_dict()
        del scores[name]["metric"]
    run = {key: value for key, value in _label(card, [card]).items() if key != "hypothesis"}
    return {"hypothesis": card.answers.path, **run, **scores, "breakdown": dict(card.breakdown)}


def _lines(card: Scorecard) -> list[dict[str, Any]]:
    """A line a score, as programs of statistics like it."""
    place = {"hypothesis": card.answers.path, "system": "", "direction": ""} | _label(card, [card])
    return [place | score.as_dict() | {"metric": name} for name, score in card.scores.items()]


def identifier(name: str, among: str | None) -> "Identifier":
    """The identifier of `--lid` and `--among`."""
    from ontarget.scoring.identifiers import identifier_named

    return identifier_named(name, [Language(code) for code in names_of(among)] if among else None)


def names_of(text: str) -> list[str]:
    """The names in `bleu,chrf`.

    Raises:
        UserError: there is none.
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise UserError("a list of names is empty; write them with commas: bleu,chrf")
    return list(dict.fromkeys(names))
