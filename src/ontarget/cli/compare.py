"""`ontarget compare`: tests whether systems differ significantly from a baseline."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ontarget.cli.aliases import note
from ontarget.cli.hypotheses import Given, hypotheses_of
from ontarget.cli.identification import identifiers_of, rules_of, unit_of
from ontarget.cli.metric_options import (
    Lowercase,
    NumRefs,
    Tokenize,
    Width,
    check_bleu,
    check_width,
    metrics_of,
)
from ontarget.cli.options import (
    ByUnit,
    CometEnv,
    Key,
    Languages,
    Lid,
    OfTestSet,
    Otr,
    ReferenceKey,
    Source,
    SourceKey,
    TestSet,
    To,
    require_comet,
)
from ontarget.cli.output_formats import chosen, print_csv, print_json, print_tables
from ontarget.cli.progress import watched
from ontarget.cli.scorecards import digits_of, is_extra, notes_of
from ontarget.errors import UserError
from ontarget.scoring.reading.hypotheses import is_outputs
from ontarget.scoring.score import display_name
from ontarget.scoring.scorecard import OTR, REFERENCED, Scorecard, Scorer
from ontarget.system_ids import current_id

if TYPE_CHECKING:
    from ontarget.scoring.comparison import Comparison

FEW_SEEDS = "no difference is marked by *, which needs three seeds or more"
P, P_BOOTSTRAP = "p (Holm)", "bootstrap p (Holm)"
_USUAL_BASELINE = "mt"


def compare(
    systems: Annotated[
        list[str],
        typer.Argument(
            metavar="A B...",
            help="Translations as plain text or JSON, the baseline first; runs, or systems of runs "
            "(outputs/mt); or folders and patterns (see ontarget score --help).",
        ),
    ],
    to: To = None,
    from_: Annotated[str | None, typer.Option("--from", metavar="LANGUAGE", help="Source language.")] = None,
    reference: Annotated[
        list[str] | None,
        typer.Option(
            metavar="REF", help="Human translations, aligned line by line. Repeat it for several references."
        ),
    ] = None,
    source: Source = None,
    key: Key = None,
    reference_key: ReferenceKey = None,
    source_key: SourceKey = None,
    num_refs: NumRefs = None,
    test_set: TestSet = None,
    direction: OfTestSet = None,
    baseline: Annotated[
        str | None,
        typer.Option(
            metavar="SYSTEM", help="Baseline (default: the first file; for runs mt, or the first system)."
        ),
    ] = None,
    by_direction: Annotated[
        bool, typer.Option("--by-direction", help="Also compare each direction separately.")
    ] = False,
    seeds: Annotated[
        bool,
        typer.Option(
            "--seeds", help="Treat the runs as seeds of one experiment: mean and standard deviation."
        ),
    ] = False,
    metrics: Annotated[
        str,
        typer.Option(
            "--metrics",
            "-m",
            metavar="NAMES",
            help="Metrics: bleu, chrf, chrf++, ter, spbleu. OTR is always added; with otr in the list, "
            "on-target forms are left out: bleu,chrf,otr.",
        ),
    ] = "bleu,chrf",
    tokenize: Tokenize = None,
    lowercase: Lowercase = False,
    comet: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="Add COMET or MetricX (see ontarget score). Needs --source."),
    ] = None,
    comet_env: CometEnv = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Use the strict definition of off-target (see ontarget score).")
    ] = False,
    lid: Lid = "lid.176.ftz",
    languages: Languages = None,
    otr: Otr = "robust",
    unit: ByUnit = "line",
    seed: Annotated[
        int, typer.Option(min=0, metavar="N", help="Random seed for resampling (default: as in sacreBLEU).")
    ] = 12345,
    width: Width = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON: a list.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV, one comparison per line.")] = False,
    latex: Annotated[bool, typer.Option("--latex", help="Print LaTeX tables (booktabs).")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown tables.")] = False,
) -> None:
    """Compare systems with a baseline on the same segments, and test whether they differ significantly.

    Compare two files, the systems of a run, or two of its systems:

        ontarget compare mt.fr ours.fr --to fr --reference test.fr
        ontarget compare runs/phrasebook-tiny --by-direction
        ontarget compare runs/mine/outputs/mt runs/mine/outputs/ontarget --metrics chrf++

    Compare over several seeds:

        ontarget compare --seeds runs/seed1 runs/seed2 runs/seed3 --baseline mt --markdown

    p comes from approximate randomisation (10,000 trials); a star marks p below 0.05. The 95 % interval of
    the difference and a second p come from a paired bootstrap (1,000 resamples). Both p are Holm-adjusted for
    all tests of a metric, over all systems and directions shown, but not across metrics. OTR is tested on the
    same resamples as the metrics.
    """
    from ontarget.scoring.comparison import compare as compared
    from ontarget.scoring.significance import RESAMPLES, TRIALS

    form = chosen(json=as_json, csv=as_csv, latex=latex, markdown=markdown)
    check_width(width, form)
    require_comet(comet_env, comet)
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
        num_refs or 1,
    )
    names = metrics_of(metrics)
    compact = OTR in names
    referenced = check_bleu(names, tokenize, lowercase)
    for name in names:
        if name not in (*REFERENCED, OTR):
            raise UserError(f"'{name}' cannot be compared; choose from {', '.join((*REFERENCED, OTR))}")
    if seeds and (other := next((name for name in systems if not is_outputs(Path(name))), None)):
        raise UserError(f"--seeds needs the directories of several runs, but '{other}' is not a run")
    if seeds and len({Path(name).resolve() for name in systems}) < 2:
        raise UserError("--seeds needs the directories of several runs, which differ by their seeds")
    scorer = Scorer(
        identifiers_of(lid, languages),
        names,
        referenced=referenced,
        tokenize=tokenize,
        lowercase=lowercase,
        strict=strict,
        segments=True,
        rules=rules_of(otr),
        unit=unit_of(unit),
    )
    cards = [scorer.card(one) for one in watched(hypotheses_of(systems, given), "scoring")]
    if comet:
        from ontarget.scoring.metrics.neural import add_neural

        add_neural(cards, comet, comet_env)
    by_system = _by_system(cards, seeds)
    first = next(iter(by_system))
    usual = _USUAL_BASELINE if _USUAL_BASELINE in by_system else first
    if baseline and baseline not in by_system and (current := current_id(baseline)) in by_system:
        note(f"the system {baseline}", current)
        baseline = current
    rows = compared(
        by_system,
        baseline or usual,
        _groups(cards, systems, by_direction),
        seed=seed,
        watch=lambda questions: watched(questions, "comparing"),
    )
    rows = [row for row in rows if not (compact and is_extra(row.metric))]

    if form in ("json", "csv"):
        objects = [_object(row) for row in rows]
        print_json(objects) if form == "json" else print_csv(objects)
        return
    groups = list(dict.fromkeys(row.group for row in rows))
    tables = [(group, [_cells(row, width) for row in rows if row.group == group]) for group in groups]
    tests = (len(by_system) - 1) * len(groups)
    test = f"p|test:approximate-randomisation|trials:{TRIALS}|seed:{seed}|adjusted:holm|tests:{tests}"
    bootstrap = (
        f"95 % interval and bootstrap p|test:paired-bootstrap|resamples:{RESAMPLES}|seed:{seed}"
        f"|adjusted:holm|tests:{tests}"
    )
    signatures = [(name, card.scores[name]) for card in cards for name in card.evidence]
    signatures = [pair for pair in signatures if not (compact and is_extra(pair[0]))]
    few = [FEW_SEEDS] if rows[0].few_runs else []
    print_tables(tables, form, [*notes_of(signatures), test, bootstrap, *few])


def _by_system(cards: Sequence[Scorecard], seeds: bool) -> dict[str, dict[tuple[str, str], Scorecard]]:
    """Systems by unique names, with their scorecards by run and direction.

    Files are named by their paths, systems of runs by their IDs. If several runs have the same systems and
    are not seeds of one experiment, the name of the run comes first.
    """
    runs = _runs(cards)
    if seeds and (len(set(runs.values())) < 2 or "" in runs.values()):
        raise UserError("--seeds needs the directories of several runs, which differ by their seeds")
    times = Counter((card.hypotheses.system, str(card.hypotheses.direction)) for card in cards)
    ambiguous = not seeds and max(times.values()) > 1
    found: dict[str, dict[tuple[str, str], Scorecard]] = {}
    for card in cards:
        run, direction = runs[id(card)], str(card.hypotheses.direction)
        name = card.hypotheses.system if run or card.hypotheses.named else card.hypotheses.path
        if run and ambiguous:
            name = f"{run}/{name}"
        of_system = found.setdefault(name, {})
        if (run if seeds else "", direction) in of_system:
            raise UserError(f"'{card.hypotheses.path}' is given twice")
        of_system[run if seeds else "", direction] = card
    return found


def _run_of(card: Scorecard) -> str:
    """The directory of the run, or the parent of a system's folder; empty for a plain file."""
    if not card.hypotheses.of_run:
        return ""
    outputs = Path(card.hypotheses.path).absolute().parent.parent
    return str(outputs.parent if outputs.name == "outputs" else outputs)


def _runs(cards: Sequence[Scorecard]) -> dict[int, str]:
    """The run of each card, by the last part of its path if that is unique."""
    paths = {id(card): _run_of(card) for card in cards}
    names = {path: Path(path).name for path in paths.values()}
    short = len(set(names.values())) == len(names)
    return {card: names[path] if short else path for card, path in paths.items()}


def _groups(
    cards: Sequence[Scorecard], systems: Sequence[str], by_direction: bool
) -> Mapping[str, Sequence[str]]:
    """Groups of directions to average over, and, if requested, each direction alone."""
    directions = list(dict.fromkeys(str(card.hypotheses.direction) for card in cards))
    alone = {direction: [direction] for direction in directions}
    if len(directions) == 1:
        return alone
    return {**_means(directions, systems), **(alone if by_direction else {})}


def _means(directions: Sequence[str], systems: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """Zero-shot and supervised directions if the run records them; otherwise all."""
    scores = next((s for s in (Path(name) / "scores.json" for name in systems) if s.is_file()), None)
    if scores:
        from ontarget.reporting.run_files import KINDS, Scores

        read = Scores.read(scores)
        kinds = {kind: [d for d in read.directions(kind) if d in directions] for kind in KINDS}
        if set(directions) == {d for of_kind in kinds.values() for d in of_kind}:
            return {f"{kind} ({', '.join(of)})": of for kind, of in kinds.items() if of}
    return {f"mean of {', '.join(directions)}": directions}


def _cells(row: "Comparison", width: int | None) -> dict[str, str]:
    digits = digits_of(row.metric, width)
    deviation = "" if row.deviation is None else f" ± {row.deviation:.{digits}f}"
    cells = {
        "metric": display_name(row.metric),
        "system": row.system,
        "score": f"{row.value:.{digits}f}{deviation}",
    }
    if row.test is None or row.p_holm is None or row.p_bootstrap_holm is None:
        return cells | {"difference": "baseline", "95 % interval": "", P: "", P_BOOTSTRAP: ""}
    star = "*" if row.significant else ""
    return cells | {
        "difference": f"{row.test.difference:+.{digits}f}{star}",
        "95 % interval": f"[{row.test.low:+.{digits}f}, {row.test.high:+.{digits}f}]",
        P: f"{row.p_holm:.4f}",
        P_BOOTSTRAP: f"{row.p_bootstrap_holm:.4f}",
    }


def _object(row: "Comparison") -> dict[str, Any]:
    test = row.test
    return {
        "group": row.group,
        "metric": row.metric,
        "system": row.system,
        "value": row.value,
        "deviation": row.deviation,
        "difference": test and test.difference,
        "low": test and test.low,
        "high": test and test.high,
        "p": test and test.p_value,
        "p_holm": row.p_holm,
        "p_bootstrap": test and test.p_bootstrap,
        "p_bootstrap_holm": row.p_bootstrap_holm,
        "n": row.n,
        "signature": row.signature,
    }
