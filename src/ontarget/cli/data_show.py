"""`ontarget data show`: previews the corpus and the training samples of a recipe."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from ontarget.cli import progress
from ontarget.corpora.catalogue.entry import names
from ontarget.corpora.corpus import Corpus
from ontarget.errors import UserError
from ontarget.pipeline.execution.sample_preview import (
    Piece,
    SamplePreview,
    samples_shown,
    stage_to_show,
    store_of,
    tokenizer_of,
)
from ontarget.pipeline.planning.inputs import left_out, load_corpus
from ontarget.recipes.loading import load
from ontarget.recipes.schema.recipe import Recipe


def show(
    recipe: Annotated[str, typer.Argument(help="Name or path of a recipe.", show_default=False)],
    overrides: Annotated[
        list[str] | None,
        typer.Argument(metavar="[KEY=VALUE]...", help="Keys to override in the recipe.", show_default=False),
    ] = None,
    stage: Annotated[
        str | None,
        typer.Option(
            metavar="STAGE",
            help="Stage whose samples are shown (default: the recipe's last stage).",
            show_default=False,
        ),
    ] = None,
    samples: Annotated[
        int, typer.Option(min=1, metavar="N", help="Number of samples, each with its conflicting pair.")
    ] = 5,
    directory: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Directory of the models.", show_default="runs/RECIPE")
    ] = None,
) -> None:
    """Print the size of a corpus, what cleaning removes, and training samples as the model sees them.

    Show a recipe's corpus and samples:

        ontarget data show phrasebook-tiny

    Show the samples of one stage, as tokens if its model exists:

        ontarget data show phrasebook-tiny --stage lat --samples 2

    Show what cleaning would remove:

        ontarget data show my-recipe.yaml 'clean=[empty, duplicates, {length-ratio: 3}]'

    Tokens with likelihood loss are green, tokens with unlikelihood loss are red; stronger colours mean larger
    weights. Control tokens are inverted. Without colours: `[+learnt]`, `[-unlearnt]`, `<<control>>`.
    """
    if recipe in names():
        raise UserError(
            f"'{recipe}' is a corpus; 'ontarget data card {recipe}' describes it. 'show' needs a recipe, "
            f"such as one with `corpus: {{catalogue: {{name: {recipe}}}}}`"
        )
    checked = load(recipe, overrides or [])
    stage = stage_to_show(checked, stage)
    corpus = load_corpus(checked, progress.TerminalProgress())
    store = store_of(checked, directory)
    tokenizer = tokenizer_of(checked, stage, store)
    console = Console(highlight=False, soft_wrap=True)
    for line in [*_numbers(corpus), *left_out(corpus), *_cleaned(checked, corpus)]:
        console.print(line, markup=False)
    if tokenizer is None:
        console.print(f"model {stage} not found; showing words instead of tokens", style="italic")
    coloured = console.is_terminal and not console.no_color
    for shown in samples_shown(checked, stage, corpus, tokenizer, samples, store):
        console.print()
        console.print(_heading(shown, stage))
        console.print(_pieces([*shown.prompt, *shown.response], coloured))


def _numbers(corpus: Corpus) -> Iterable[str]:
    for split in corpus.splits:
        for part in corpus.parts(split):
            serves = f", only for {part.direction}" if part.direction else ""
            yield f"{split}: {len(part):,} segments in {' '.join(map(str, part.lines))}{serves}"


def _cleaned(recipe: Recipe, corpus: Corpus) -> Iterable[str]:
    """Says that cleaning removed nothing; `left_out` has the counts otherwise."""
    if recipe.clean and not any(f"train: {step.name}" in corpus.left_out for step in recipe.clean):
        yield f"clean: 0 train segments left out by {', '.join(step.name for step in recipe.clean)}"


def _heading(shown: SamplePreview, stage: str) -> Text:
    sample = shown.sample
    what = "learnt" if sample.sign > 0 else "unlearnt"
    about = f": requested {sample.asked}, response in {sample.produced}" if sample.asked else ""
    why = f"; removed: {shown.left_out}" if shown.left_out else ""
    return Text(f"{stage}, {what}{about}{why}", style="bold")


def _pieces(pieces: Iterable[Piece], coloured: bool) -> Text:
    pieces = list(pieces)
    most = {
        sign: max((abs(p.weight) for p in pieces if p.weight * sign > 0), default=1.0) for sign in (1, -1)
    }
    text = Text()
    for piece in pieces:
        sign = 1 if piece.weight > 0 else -1
        shown = piece.text.replace("\n", "↵\n")
        if coloured:
            strength = round(70 + 90 * abs(piece.weight) / most[sign])
            colour = f"white on rgb(0,{strength},0)" if sign > 0 else f"white on rgb({strength},0,0)"
            style = f"{'reverse ' * piece.control}{colour if piece.weight else 'dim'}"
            text.append(shown, style)
        else:
            shown = f"<<{shown}>>" if piece.control else shown
            text.append(f"[{'+' if sign > 0 else '-'}{shown}]" if piece.weight else shown)
    return text
