"""How far an identifier's probabilities are to be trusted: how often it is right, and when it is unsure.

    ONTARGET_DATA=... OMP_NUM_THREADS=1 python benchmarks/identification_curve.py

Lines of NTREX in 33 languages, whole and cut to 1, 2, 3 and 5 words, read as by the default rules: in lower
case and without URLs, numbers and the like. FLORES-200 has no part in it. Two curves:

right      how often the most probable language is the right one, by its probability and by number of words
requested  how many of the lines taken for another language than the requested one are in the requested one
           all the same, by the probability that the identifier gives it and by number of letters. Each
           language is requested of its own lines and of as many lines in the others: both are as frequent.
           From 50 % on, a line is more likely in the requested language than not, and counts as `unsure`

Prints Markdown tables, and draws docs/explanation/identification.svg.
"""

import argparse
import os
from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib
from human_text import read
from identification import FORMS, table
from matplotlib.figure import Figure
from plot import STYLE

from ontarget.errors import UserError
from ontarget.files import whole_file
from ontarget.languages import Language
from ontarget.scoring.language_id.identifier import EvenOdds, Guess, Weighing, known_labels
from ontarget.scoring.language_id.identifiers import DEFAULT, identifier_named
from ontarget.scoring.language_id.rules import letters
from ontarget.scoring.language_id.text_words import words_of

PLAIN = "plain"
LENGTHS = [form for form in FORMS if "word" in form] + [PLAIN]
RIGHT = (0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1)  # ends of the bins of probability
REQUESTED = (
    0,
    0.001,
    0.003,
    0.01,
    0.02,
    0.03,
    0.05,
    0.1,
    0.2,
    0.5,
)  # a language with more than a half is the guess
FEW = 50  # lines; a share of fewer is not drawn

Marks = list[list[int]]  # of each bin: lines for which it holds, all lines


class Curves(NamedTuple):
    """The first for each number of words, the second for each range of letters."""

    right: dict[str, Marks]
    requested: dict[str, Marks]


def letter_ranges(even_odds: EvenOdds) -> dict[str, tuple[float, float]]:
    """Name -> below how many letters, and the probability from which on such lines are unsure."""
    starts = [1, *(below for below, _ in even_odds.steps)]
    ranges: dict[str, tuple[float, float]] = {
        f"{start} to {below - 1} letters": (below, probability)
        for start, (below, probability) in zip(starts, even_odds.steps, strict=False)
    }
    return {**ranges, f"{starts[-1]} letters or more": (float("inf"), even_odds.long)}


def measure(identifier: Weighing, by_language: dict[Language, list[str]]) -> Curves:
    ranges = letter_ranges(identifier.even_odds)
    curves = Curves(
        {form: [[0, 0] for _ in pairwise(RIGHT)] for form in LENGTHS},
        {name: [[0, 0] for _ in pairwise(REQUESTED)] for name in ranges},
    )
    for requested, lines in by_language.items():
        own = known_labels(requested, identifier)
        others = [other for other in by_language if not own & known_labels(other, identifier)]
        mixed = [(others[n % len(others)], n) for n in range(len(lines) if others else 0)]
        for form in LENGTHS:
            change = FORMS[form]
            in_requested = weighed(identifier, [change(line, requested) for line in lines], own)
            in_others = weighed(identifier, [change(by_language[of][n], of) for of, n in mixed], own)
            for _, guess, _ in in_requested:
                add(curves.right[form], RIGHT, guess.probability, guess.label in own)
            for answers, holds in ((in_requested, True), (in_others, False)):
                for n, guess, probability in answers:
                    if guess.label not in own:
                        length = next(name for name, (below, _) in ranges.items() if n < below)
                        add(curves.requested[length], REQUESTED, probability, holds)
    return curves


def weighed(identifier: Weighing, lines: list[str], labels: frozenset[str]) -> list[tuple[int, Guess, float]]:
    """Letters, guess and the probability of `labels`, of each line that has a word."""
    words = [words for line in lines if (words := words_of(line))]
    return [
        (letters(line), *answer) for line, answer in zip(words, identifier.weigh(words, labels), strict=True)
    ]


def add(marks: Marks, ends: Sequence[float], probability: float, holds: bool) -> None:
    mark = marks[min(bisect_right(ends, probability), len(marks)) - 1]
    mark[0] += holds
    mark[1] += 1


def markdown(curve: dict[str, Marks], ends: Sequence[float]) -> str:
    rows = [
        [f"{low:g} to {high:g}", *(cell(*marks[place]) for marks in curve.values())]
        for place, (low, high) in enumerate(pairwise(ends))
    ]
    totals = [cell(*map(sum, zip(*marks, strict=True))) for marks in curve.values()]
    heads = ["whole line" if form == PLAIN else form for form in curve]
    return table(["probability", *heads], [*rows, ["all", *totals]])


def cell(holds: int, n: int) -> str:
    return f"{100 * holds / n:.1f} ({n:,})" if n else ""


def draw(figure: Any, curves: Curves, even_odds: EvenOdds) -> None:
    panels = zip(figure.subplots(1, 2, sharey=True), curves, (RIGHT, REQUESTED), strict=True)
    thresholds = [probability for _, probability in letter_ranges(even_odds).values()]
    for axes, curve, ends in panels:
        colours = matplotlib.colormaps["viridis"](
            [0.35 + 0.5 * n / (len(curve) - 1) for n in range(len(curve))]
        )
        for number, (name, marks) in enumerate(curve.items()):
            places = [place for place, (_, n) in enumerate(marks) if n >= FEW]
            x = [(ends[place] + ends[place + 1]) / 2 for place in places]
            y = [100 * marks[place][0] / marks[place][1] for place in places]
            label = "whole line" if name == PLAIN else name
            axes.plot(x, y, marker="o", markersize=3, color=colours[number], label=label)
            if ends is REQUESTED:
                axes.axvline(thresholds[number], color=colours[number], linewidth=0.8, linestyle=":")
        axes.axhline(50, color=STYLE["axes.edgecolor"], linewidth=0.8, linestyle="--")
        axes.set_ylim(0, 100)
        axes.legend(frameon=False, fontsize=8, loc="lower right" if ends is RIGHT else "upper left")
    right, requested = figure.axes
    right.set(xlim=(0, 1), xlabel="probability of the guess")
    right.set_title("Guesses that are right, %", loc="left", fontsize=10)
    requested.set(xscale="log", xlabel="probability of the requested language; dotted: unsure from here on")
    requested.set_title("Taken for another language, but in the requested one, %", loc="left", fontsize=10)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=os.environ.get("ONTARGET_DATA"))
    parser.add_argument("--lid", default=DEFAULT, help="the identifier; the figure is of lid.176.ftz")
    parser.add_argument("--every", type=int, default=1, help="every n-th line alone")
    options = parser.parse_args()
    if options.data is None:
        parser.error("give --data, or ONTARGET_DATA: a folder with flores200/ and ntrex/")
    identifier = identifier_named(options.lid)
    if not isinstance(identifier, Weighing):
        raise UserError(f"{options.lid} gives no probability of a requested language")
    curves = measure(identifier, read(options.data, options.every)["ntrex"])
    name = identifier.signature
    print(f"### Guesses that are right, % (lines), {name}\n\n{markdown(curves.right, RIGHT)}\n")
    print(f"### Taken for another language, but in the requested one, % (lines), {name}\n")
    print(f"{markdown(curves.requested, REQUESTED)}\n")
    if options.lid != DEFAULT:
        return
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(11, 3.6), layout="constrained")
        draw(figure, curves, identifier.even_odds)
        with whole_file(
            Path(__file__).parents[1] / "docs" / "explanation" / "identification.svg"
        ) as temporary:
            nothing = {"Date": None, "Creator": None}
            figure.savefig(temporary, format="svg", transparent=True, metadata=nothing)


if __name__ == "__main__":
    main()
