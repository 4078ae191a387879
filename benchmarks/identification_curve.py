"""How often an identifier's guess is right, by its probability and by the length of the line.

    ONTARGET_DATA=... OMP_NUM_THREADS=1 python benchmarks/identification_curve.py

Lines of NTREX in 33 languages, whole and cut to 1, 2, 3 and 5 words, read as the default rules read them: in
lower case, without URLs, numbers and the like, and with the language that the script leaves. The rule for
`unsure` was chosen by this. Prints Markdown tables and draws docs/identification.svg. FLORES-200 has no part.
"""

import argparse
import os
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib
from human_text import read
from identification import FORMS, table
from matplotlib.figure import Figure
from plot import STYLE

from ontarget.files import whole_file
from ontarget.languages import Language
from ontarget.scoring.identifiers import DEFAULT, identifier_named
from ontarget.scoring.language_id import Identifier, chance_of, known_labels
from ontarget.scoring.rules import letters
from ontarget.scoring.rules import read as read_lines
from ontarget.scoring.text_words import words_of

PLAIN = "plain"
LENGTHS = [form for form in FORMS if "word" in form] + [PLAIN]
BINS = 10  # of probability
FEW = 50  # lines; of fewer no share is drawn

Marks = dict[int, list[int]]  # bin of probability -> right, lines


class Curves(NamedTuple):
    """Right guesses and lines by probability, for each number of words and for each range of letters."""

    by_words: dict[str, Marks]
    by_letters: dict[str, Marks]


def measure(identifier: Identifier, by_language: dict[Language, list[str]]) -> Curves:
    ranges = letter_ranges(identifier)
    curves = Curves({form: empty() for form in LENGTHS}, {name: empty() for name in ranges})
    for language, lines in by_language.items():
        own = known_labels(language, identifier)
        for form in LENGTHS:
            cut = [FORMS[form](line, language) for line in lines]
            for line, reading in zip(cut, read_lines(cut, identifier), strict=True):
                if reading.doubt == "neutral":
                    continue
                n = letters(words_of(line))
                in_range = next(name for name, below in ranges.items() if n < below)
                place = min(int(BINS * reading.guess.probability), BINS - 1)
                for marks in (curves.by_words[form], curves.by_letters[in_range]):
                    marks[place][0] += reading.guess.label in own
                    marks[place][1] += 1
    return curves


def empty() -> Marks:
    return {place: [0, 0] for place in range(BINS)}


def letter_ranges(identifier: Identifier) -> dict[str, float]:
    """Name -> below how many letters: the ranges that the identifier's rule tells apart."""
    ends = [1, *(below for below, _ in chance_of(identifier).steps)]
    ranges: dict[str, float] = {f"{start} to {below - 1} letters": below for start, below in pairwise(ends)}
    return {**ranges, f"{ends[-1]} letters or more": float("inf")}


def shares(marks: Marks) -> list[tuple[float, float]]:
    """Middle of a bin -> percent of right guesses, where there are lines enough."""
    return [((place + 0.5) / BINS, 100 * right / n) for place, (right, n) in marks.items() if n >= FEW]


def markdown(curves: dict[str, Marks]) -> str:
    rows = [
        [
            f"{place / BINS:.1f} to {(place + 1) / BINS:.1f}",
            *(cell(*marks[place]) for marks in curves.values()),
        ]
        for place in range(BINS)
    ]
    totals = [cell(*map(sum, zip(*marks.values(), strict=True))) for marks in curves.values()]
    return table(["probability", *curves], [*rows, ["all", *totals]])


def cell(right: int, n: int) -> str:
    return f"{100 * right / n:.1f} ({n:,})" if n else ""


def draw(figure: Any, curves: Curves, identifier: Identifier) -> None:
    words, letters_of = figure.subplots(1, 2, sharey=True)
    for axes, of, title in (
        (words, curves.by_words, "by number of words"),
        (letters_of, curves.by_letters, "by number of letters"),
    ):
        colours = matplotlib.colormaps["viridis"]([0.35 + 0.125 * number for number in range(len(of))])
        for (name, marks), colour in zip(of.items(), colours, strict=True):
            x, y = zip(*shares(marks), strict=True)
            axes.plot(
                x, y, marker="o", markersize=3, color=colour, label="whole line" if name == PLAIN else name
            )
        axes.axhline(50, color=STYLE["axes.edgecolor"], linewidth=0.8, linestyle="--")
        axes.set(xlim=(0, 1), ylim=(0, 100), xlabel="probability of the guess")
        axes.set_title(f"Right guesses, %, {title}", loc="left", fontsize=10)
        axes.legend(frameon=False, fontsize=8, loc="lower right")


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
    curves = measure(identifier, read(options.data, options.every)["ntrex"])
    print(f"### Right guesses by number of words, % (lines), {identifier.signature}\n")
    print(f"{markdown({'whole' if name == PLAIN else name: of for name, of in curves.by_words.items()})}\n")
    print(f"### Right guesses by number of letters, % (lines), {identifier.signature}\n")
    print(f"{markdown(curves.by_letters)}\n")
    if options.lid != DEFAULT:
        return
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(11, 3.6), layout="constrained")
        draw(figure, curves, identifier)
        with whole_file(Path(__file__).parents[1] / "docs" / "identification.svg") as temporary:
            nothing = {"Date": None, "Creator": None}
            figure.savefig(temporary, format="svg", transparent=True, metadata=nothing)


if __name__ == "__main__":
    main()
