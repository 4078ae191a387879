"""`ontarget score`: scores translations of any system, without needing the model.

The scorers are imported when scoring begins, so that `--help` and errors do not wait for NumPy.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

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
from ontarget.cli.monolingual import Monolingual, word_counts
from ontarget.cli.options import (
    ByUnit,
    CometEnv,
    EnglishWords,
    Key,
    Languages,
    Lcb,
    Lid,
    OfTestSet,
    Otr,
    ReferenceKey,
    Source,
    SourceKey,
    TestSet,
    To,
    require_comet,
    require_new_place,
    require_outside,
)
from ontarget.cli.output_formats import chosen, print_csv, print_json, print_tables
from ontarget.cli.start import collect_seldom, numpy_without_threads
from ontarget.errors import UserError


def score(
    hypotheses: Annotated[
        list[str],
        typer.Argument(
            metavar="HYP...",
            help="Translations: plain text (one per line), JSON lines, a JSON list, CSV, WMT XML or SGM; may "
            "be compressed; - is standard input. Or the directory of a run, or part of its outputs. Or a "
            "folder or pattern of files whose names contain their languages: 'out/{system}.{language}'.",
        ),
    ],
    to: To = None,
    from_: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="LANGUAGE", help="Source language; counts lines that are still in it."
        ),
    ] = None,
    reference: Annotated[
        list[str] | None,
        typer.Option(
            metavar="REF",
            help="Human translations, aligned line by line, for --metrics and the floor. Repeat it for "
            "several references. May be a folder or a pattern: 'ref/{language}.txt'.",
        ),
    ] = None,
    source: Source = None,
    key: Key = None,
    reference_key: ReferenceKey = None,
    source_key: SourceKey = None,
    num_refs: NumRefs = None,
    test_set: TestSet = None,
    direction: OfTestSet = None,
    metrics: Annotated[
        str | None,
        typer.Option(
            "--metrics",
            "-m",
            metavar="NAMES",
            help="Metrics: bleu, chrf, chrf++, ter, spbleu. Without a reference: lpr, wpr, lcpr, and "
            "leftover (the share of words left in another language). OTR is always computed; with otr in the "
            "list, only the named metrics are printed, in one table: bleu,chrf,otr.",
            show_default="bleu,chrf, with --source leftover",
        ),
    ] = None,
    tokenize: Tokenize = None,
    lowercase: Lowercase = False,
    comet: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="Add COMET or MetricX, by the name of the model: Unbabel/wmt22-comet-da. Needs --source.",
        ),
    ] = None,
    comet_env: CometEnv = None,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict", help="Add OTR strict, which also counts empty, copied, run-on and doubtful lines."
        ),
    ] = False,
    lid: Lid = "lid.176.ftz",
    languages: Languages = None,
    otr: Otr = "robust",
    unit: ByUnit = "line",
    lcb: Lcb = False,
    english_words: EnglishWords = None,
    monolingual: Monolingual = None,
    confidence: Annotated[
        bool, typer.Option("--confidence", help="Add 95 % intervals: Wilson for ratios, otherwise bootstrap.")
    ] = False,
    lines: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write the outcome, language, scores and text of each line to this CSV."
        ),
    ] = None,
    width: Width = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON: an object, or a list for several HYP.")
    ] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV, one score per line.")] = False,
    latex: Annotated[bool, typer.Option("--latex", help="Print a LaTeX table (booktabs).")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print a Markdown table.")] = False,
) -> None:
    """Score translations: the off-target ratio (OTR), and BLEU and chrF if there is a reference.

    Score one file, or systems against a reference:

        ontarget score hyp.fr --to fr
        ontarget score a.txt b.txt --reference test.fr.gz --source test.de.gz --from de --to fr --strict

    Score JSON, a sacreBLEU test set, a run, files that are named after their languages, or standard input:

        ontarget score predictions.jsonl --to fr --key answer
        ontarget score hyp.fr --test-set wmt22 --direction de-fr --metrics bleu,chrf++,ter
        ontarget score runs/phrasebook-tiny --markdown
        ontarget score 'out/{language}.txt' --reference 'ref/{language}.txt'
        ontarget score wmt22/system-outputs --reference wmt22/references --to de,cs
        cat hyp.fr | ontarget score - --to fr --json

    Write what became of each line, or compute the Language Confusion Benchmark:

        ontarget score hyp.fr --to fr --lines lines.csv
        ontarget score responses.jsonl --to zh --lcb --english-words words

    OTR is the percentage of lines that are not in the requested language. Each metric is also printed *on
    target*, where an off-target line matches nothing of the reference. Language identification also makes
    mistakes on human text: with a reference, the floor is the OTR of the reference itself. Scores are
    comparable if their signatures are equal.
    """
    collect_seldom()
    numpy_without_threads()
    from ontarget.cli.by_line import by_line
    from ontarget.cli.hypotheses import Given, hypotheses_of
    from ontarget.cli.progress import watched
    from ontarget.cli.scorecards import (
        as_object,
        as_rows,
        drop_extras,
        lengths_of,
        made_of,
        missing_of,
        notes_of,
        others_of,
        tables_of,
        unequal_of,
    )
    from ontarget.cli.system_table import empty_cells, is_of_systems, system_tables
    from ontarget.scoring.scorecard import CONFUSION, OTR, REFERENCED, Scorer

    form = chosen(json=as_json, csv=as_csv, latex=latex, markdown=markdown)
    check_width(width, form)
    require_comet(comet_env, comet)
    names = metrics_of(metrics) if metrics else ["bleu", "chrf"]
    names += ["leftover"] if metrics is None and (source or test_set) else ()
    compact = OTR in names
    names += CONFUSION if lcb and not set(CONFUSION).intersection(names) else ()
    by_reference = [name for name in names if name in REFERENCED]
    referenced = check_bleu(names, tokenize, lowercase)
    if metrics and by_reference:
        referenced = by_reference[0]
    if lines is not None:
        others = [source, None if english_words is None else str(english_words), lid, *lid.split(",")]
        others += [one.partition("=")[2] for one in monolingual or ()]
        require_new_place("--lines", lines, [*hypotheses, *(reference or ()), *others])
        require_outside("--lines", lines, [*(reference or ()), source])
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
        num_refs or 1,
    )
    every = hypotheses_of(hypotheses, given)
    if lines is not None:
        require_new_place("--lines", lines, [one.path for one in every])
    may_have_references = reference or test_set or any(one.of_run for one in every)
    by_itself = [*by_reference] if may_have_references else []
    by_itself += ["leftover", "leftover_words"] if "leftover" in names else []
    counts = word_counts(monolingual or (), names, [one.target for one in every])
    by = unit_of(unit)
    with by_line(lines, by_itself, sentences=by == "sentence") as told:
        scorer = Scorer(
            identifiers_of(lid, languages),
            names,
            referenced=referenced,
            tokenize=tokenize,
            lowercase=lowercase,
            strict=strict,
            intervals=confidence,
            segments=kept,
            seen=told,
            lcb=lcb,
            english=_english(english_words, names),
            rules=rules_of(otr),
            unit=by,
            monolingual=counts,
        )
        cards = [scorer.card(one) for one in watched(every, "scoring")]
    if comet:
        from ontarget.scoring.metrics.neural import add_neural

        add_neural(cards, comet, comet_env, intervals=confidence)
    if compact:
        drop_extras(cards)

    if form == "json":
        objects = [as_object(card) for card in cards]
        print_json(objects if len(objects) > 1 else objects[0])
    elif form == "csv":
        print_csv([row for card in cards for row in as_rows(card)])
    else:
        of_systems = is_of_systems(cards)
        make = system_tables if of_systems else tables_of
        tables = make(cards, intervals=confidence, width=width, compact=compact)
        notes = notes_of([pair for card in cards for pair in card.scores.items()])
        empty = [*missing_of(cards), *(empty_cells(cards) if of_systems else ())]
        print_tables(
            tables,
            form,
            [*made_of(cards), *others_of(cards), *notes, *empty, *lengths_of(cards), *unequal_of(cards)],
        )


def _english(path: Path | None, names: Sequence[str]) -> frozenset[str] | None:
    """Reads the words of `--english-words`."""
    if path is None:
        return None
    if not {"wpr", "lcpr"}.intersection(names):
        raise UserError("--english-words is used only for wpr and lcpr; add --metrics wpr,lcpr or --lcb")
    from ontarget.scoring.word_list import read_word_list

    return read_word_list(path)
