"""Our figures of the Language Confusion Benchmark beside those of its own script, model by model.

    git clone https://github.com/for-ai/language-confusion
    python compute_metrics.py outputs/mistral-8x7b.csv > mistral-8x7b.tsv    # there, for each model
    python benchmarks/lcb.py --completions language-confusion/outputs --script DIR [--lid lid.176.bin]

lpr, wpr   the average of each model and task: over the sources of a language, then over languages, with the
           benchmark's rules (`--lcb`) and with ours (`confusion.language_confusion`)
script     what it printed: DIR/<model>.tsv. Run it with the same identifier, to compare rules alone

The completions and the file `words` beside their folder stay where they are; nothing of them is kept.
"""

import argparse
import csv
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import mean

from tabulate import tabulate

from ontarget.scoring.confusion import language_confusion
from ontarget.scoring.language_id.identifiers import DEFAULT, identifier_named
from ontarget.scoring.lcb import benchmark_confusion
from ontarget.scoring.pass_rates import LanguageConfusion
from ontarget.scoring.word_list import read_word_list

Compute = Callable[[list[str], str], LanguageConfusion]
METRICS = ("lpr", "wpr")


def cells(path: Path) -> dict[str, dict[tuple[str, str], list[str]]]:
    """Task -> (source, language) -> completions."""
    found: dict[str, dict[tuple[str, str], list[str]]] = defaultdict(lambda: defaultdict(list))
    with path.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            found[row["task"]][row["source"], row["language"]].append(row["completion"])
    return found


def averages(of_cells: dict[tuple[str, str], list[str]], compute: Compute) -> dict[str, float]:
    """Each metric's mean over sources, then over languages."""
    values: dict[str, dict[str, list[float]]] = {name: defaultdict(list) for name in METRICS}
    for (_, language), completions in of_cells.items():
        found = compute(completions, language)
        for name in METRICS:
            score = getattr(found, name)
            if score is not None:
                values[name][language].append(score.value)
    return {name: mean(map(mean, values[name].values())) for name in METRICS}


def printed(path: Path, task: str) -> dict[str, float]:
    """What the script printed of a task: the row `all all`."""
    with path.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if row["task"] == task]
    row = next(row for row in rows if row["source"] == row["language"] == "all")
    return {name: float(row[name].removesuffix("%")) for name in METRICS}


def table(files: Iterable[Path], printed_in: Path, computes: dict[str, Compute]) -> None:
    rows, worst = [], dict.fromkeys((f"{way} {name}" for way in computes for name in METRICS), 0.0)
    for path in files:
        for task, of_cells in cells(path).items():
            theirs = printed(printed_in / f"{path.stem}.tsv", task)
            row: dict[str, str | float] = {"model": path.stem, "task": task}
            ours = {way: averages(of_cells, compute) for way, compute in computes.items()}
            for name in METRICS:
                row[f"script {name}"] = theirs[name]
                for way, values in ours.items():
                    row[f"{way} {name}"] = values[name]
                    away = abs(values[name] - theirs[name])
                    worst[f"{way} {name}"] = max(worst[f"{way} {name}"], away)
            rows.append(row)
    print(tabulate(rows, headers="keys", floatfmt=".2f", tablefmt="pipe"))
    print("\nfarthest from the script:", ", ".join(f"{name} {away:.2f}" for name, away in worst.items()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--completions", type=Path, required=True, help="the folder `outputs`")
    parser.add_argument("--script", type=Path, required=True, help="what the script printed, by model")
    parser.add_argument("--lid", default=DEFAULT)
    given = parser.parse_args()
    identifier = identifier_named(given.lid)
    english = read_word_list(given.completions.parent / "words")
    table(
        sorted(given.completions.glob("*.csv")),
        given.script,
        {
            "--lcb": lambda texts, language: benchmark_confusion(
                texts, language, identifier, english=english
            ),
            "ours": lambda texts, language: language_confusion(texts, language, identifier, english=english),
        },
    )


if __name__ == "__main__":
    main()
