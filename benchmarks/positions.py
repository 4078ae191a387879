"""Where in an answer its language is decided: p by position, and where outputs leave the language.

    python benchmarks/positions.py runs/multi30k-tiny [--models mt lat ontarget] [--lines 50]

p          of token t of the English translation of validation lines, t = 1..15, under the instruction that
           asks for it (right) and under that of a zero-shot direction (wrong): means over directions and
           lines, and the mean of log p (right) - log p (wrong)
outputs    the off-target ones of the run, zero-shot: at which word they leave the language asked for

Writes results/positions.json, and draws docs/experiments/positions.svg.
"""

import argparse
from collections import Counter
from pathlib import Path
from typing import Any

import matplotlib
import torch
from machine import describe
from matplotlib.figure import Figure
from plot import BLUE, ORANGE, STYLE

from ontarget.corpora.corpus import Corpus
from ontarget.files import read_jsonl, whole_file, write_json
from ontarget.languages import Direction
from ontarget.pipeline.planning.inputs import load_corpus, template_of
from ontarget.prompts.encode import encode_prompt, encode_response
from ontarget.recipes.loading import load
from ontarget.recipes.schema.recipe import Recipe
from ontarget.scoring.language_id.identifier import default_identifier, known_labels
from ontarget.scoring.switch import first_off_words
from ontarget.translation.checkpoint import load_checkpoint

HERE = Path(__file__).parent
POSITIONS = 15


@torch.inference_mode()
def by_position(run: Path, recipe: Recipe, corpus: Corpus, model: str, lines: int) -> dict[str, Any]:
    """Means over all lines that are so long, by position."""
    network, tokenizer = load_checkpoint(run / "models" / model)
    template = template_of(recipe, model)
    logs = torch.full((2, len(recipe.zero_shot) * lines, POSITIONS), float("nan"), dtype=torch.float64)
    for place, asked in enumerate(recipe.zero_shot):
        into_pivot = Direction(asked.source, recipe.pivot)
        for number, pair in enumerate(corpus.translations("validation", into_pivot, lines)):
            for row, direction in enumerate((into_pivot, asked)):
                prompt = encode_prompt(tokenizer, template.render(pair.source, direction))
                answer = encode_response(tokenizer, pair.target, template.separator, eos=False)[:POSITIONS]
                ids = torch.tensor([prompt + answer])
                logits = network(ids).logits[0, len(prompt) - 1 : -1].double().log_softmax(-1)
                found = logits.gather(1, ids[0, len(prompt) :, None])[:, 0]
                logs[row, place * lines + number, : len(found)] = found
    right, wrong = (one.exp().nanmean(0) for one in logs)
    return {
        "model": model,
        "n": [int(count) for count in (~logs[0].isnan()).sum(0)],
        "right": [round(float(p), 4) for p in right],
        "wrong": [round(float(p), 4) for p in wrong],
        "log_ratio": [round(float(d), 3) for d in (logs[0] - logs[1]).nanmean(0)],
    }


def leaving(run: Path, recipe: Recipe, system: str) -> dict[str, Any]:
    """Off-target outputs of the zero-shot directions by the word with which they leave the language."""
    identifier, places, lines = default_identifier(), Counter[str](), 0
    for direction in recipe.zero_shot:
        rows = read_jsonl(run / "outputs" / system / f"{direction}.jsonl")
        lines += len(rows)
        labels = known_labels(direction.target, identifier)
        off = [row["text"] for row in rows if row["language"] not in labels]
        for text, span in zip(off, first_off_words(off, direction.target), strict=True):
            word = None if span is None else len(text[: span[0]].split()) + 1
            places[
                "unsure" if word is None else "1" if word == 1 else "2-3" if word <= 3 else "4 or later"
            ] += 1
    order = ("1", "2-3", "4 or later", "unsure")
    return {"system": system, "lines": lines, "off_target": {name: places[name] for name in order}}


def draw(figure: Any, rows: list[dict[str, Any]]) -> None:
    """Right and wrong instruction, a panel for each model."""
    for axes, row in zip(figure.subplots(1, len(rows), sharey=True, squeeze=False)[0], rows, strict=True):
        at = range(1, POSITIONS + 1)
        axes.plot(at, row["right"], "o-", color=BLUE, markersize=4, label="asked for English")
        axes.plot(at, row["wrong"], "s-", color=ORANGE, markersize=4, label="asked for another")
        axes.set_title(row["model"], loc="left", fontsize=10)
        axes.set_xlabel("token of the English answer")
        axes.set_ylim(0, 1)
    figure.axes[0].set_ylabel("p")
    figure.axes[0].legend(loc="lower right", frameon=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--models", nargs="+", default=["mt", "lat", "ontarget"])
    parser.add_argument("--lines", type=int, default=50)
    given = parser.parse_args()
    recipe = load(given.run / "recipe.yaml", ["overlap=allow"])
    corpus = load_corpus(recipe)
    rows = [by_position(given.run, recipe, corpus, model, given.lines) for model in given.models]
    outputs = [leaving(given.run, recipe, model) for model in given.models]
    write_json(
        HERE / "results" / "positions.json",
        {"recipe": recipe.name, "machine": describe(), "rows": rows, "outputs": outputs},
    )
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(3.2 * len(rows), 2.8), layout="constrained")
        draw(figure, rows)
        with whole_file(HERE.parent / "docs" / "experiments" / "positions.svg") as temporary:
            nothing = {"Date": None, "Creator": None}
            figure.savefig(temporary, format="svg", transparent=True, metadata=nothing)


if __name__ == "__main__":
    main()
