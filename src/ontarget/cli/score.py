"""`ontarget score`: anyone's translations, without a model."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.scoring.score import Score

if TYPE_CHECKING:
    from ontarget.scoring.off_target import Outcome

_TITLE = {"bleu": "BLEU", "chrf": "chrF", "otr": "OTR %", "otr_floor": "OTR floor %"}


def score(
    hypotheses: Annotated[
        list[str],
        typer.Argument(metavar="HYP...", help="Translations, one a line, plain or .gz; - is standard input."),
    ],
    to: Annotated[str, typer.Option("--to", metavar="LANGUAGE", help="The language that was asked for: fr.")],
    reference: Annotated[
        str | None,
        typer.Option(metavar="REF", help="Human translations, line by line: adds BLEU, chrF and the floor."),
    ] = None,
    source: Annotated[
        str | None, typer.Option(metavar="SRC", help="What was translated, line by line; needs --from.")
    ] = None,
    from_: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="LANGUAGE", help="The source's language: adds where off-target lines went."
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON: an object, or a list for several HYP.")
    ] = False,
    lid: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH", help="A fastText identifier, lid.176.bin say.", show_default="lid.176.ftz"
        ),
    ] = None,
) -> None:
    """Score translations: how many are not in the language asked for (OTR); with a reference, BLEU and chrF.

    Language identification errs on human text too. With a reference you therefore see the floor as well: the
    OTR of the reference itself. Scores with the same signature may be compared.

        ontarget score answers.txt --to fr
        ontarget score a.txt b.txt --reference test.fr.gz --source test.de.gz --from de --to fr
        cat answers.txt | ontarget score - --to fr --json
    """
    from ontarget.scoring.language_id import FastText, default_identifier
    from ontarget.scoring.off_target import breakdown, off_target_ratio

    target = Language(to)
    direction = Direction(Language(from_), target) if from_ else None
    if source and not direction:
        raise UserError("--source needs --from, the language that it is in")
    identifier = FastText(lid) if lid else default_identifier()
    systems = [(name, _read(name)) for name in hypotheses]
    references = _read(reference) if reference else None
    sources = _read(source) if source else None
    for name, lines in systems:
        _check_aligned(name, lines, reference, references)
        _check_aligned(name, lines, source, sources)

    floor = off_target_ratio(references, target, identifier) if references else None
    results = []
    for name, lines in systems:
        scores = _against_reference(lines, references, target) if references else {}
        scores["otr"] = off_target_ratio(lines, target, identifier)
        if floor is not None:
            scores["otr_floor"] = floor
        results.append(
            _Result(name, scores, breakdown(lines, sources, direction, identifier) if direction else {})
        )

    if as_json:
        objects = [result.as_dict() for result in results]
        typer.echo(json.dumps(objects if len(objects) > 1 else objects[0], indent=2))
    else:
        _print(results)


@dataclass(frozen=True, slots=True)
class _Result:
    hypothesis: str
    scores: Mapping[str, Score]
    breakdown: Mapping["Outcome", int]

    def as_dict(self) -> dict[str, object]:
        scores = {
            key: {"value": score.value, "n": score.n, "signature": score.signature}
            for key, score in self.scores.items()
        }
        return {
            "hypothesis": self.hypothesis,
            **scores,
            **({"breakdown": self.breakdown} if self.breakdown else {}),
        }


def _read(name: str) -> list[str]:
    from ontarget.corpora.plain import decode_lines, read_lines

    return decode_lines(sys.stdin.buffer.read(), "standard input") if name == "-" else read_lines(Path(name))


def _check_aligned(name: str, lines: Sequence[str], other: str | None, others: Sequence[str] | None) -> None:
    if others is not None and len(lines) != len(others):
        raise UserError(
            f"'{name}' has {len(lines)} lines but '{other}' has {len(others)}; "
            "line n of one must belong to line n of the other"
        )


def _against_reference(lines: Sequence[str], references: Sequence[str], target: Language) -> dict[str, Score]:
    from ontarget.scoring.bleu import bleu, chrf  # sacreBLEU takes longer to load than OTR to compute

    return {"bleu": bleu(lines, references, target), "chrf": chrf(lines, references)}


def _print(results: Sequence[_Result]) -> None:
    console = Console(highlight=False)
    first = results[0]
    scores = _table([_TITLE[key] for key in first.scores])
    lines = _table(list(first.breakdown))
    for result in results:
        scores.add_row(escape(result.hypothesis), *(f"{score.value:.2f}" for score in result.scores.values()))
        lines.add_row(escape(result.hypothesis), *(str(count) for count in result.breakdown.values()))
    console.print(scores)
    if first.breakdown:
        console.print(lines)
    for signature in dict.fromkeys(score.settings for r in results for score in r.scores.values()):
        console.print(signature, style="dim", markup=False, soft_wrap=True)


def _table(columns: Sequence[str]) -> Table:
    table = Table("hypothesis", box=box.SIMPLE_HEAD)
    for column in columns:
        table.add_column(column, justify="right")
    return table
