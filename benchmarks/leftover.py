"""The floor of `leftover`: which share of the words of human translations counts as left over.

    ONTARGET_DATA=... OMP_NUM_THREADS=1 python benchmarks/leftover.py

Prints two Markdown tables. The first is by NTREX, translated from four source languages into each of 33, with
nothing to go by but the sources: the mean and the highest floor over the target languages. The second is by
the test sets of WMT22 with two references, each judged with the other one as the reference. All floors are
written as JSON. The thresholds of `ontarget/scoring/leftover.py` were chosen on the same text.
"""

import argparse
import gzip
import json
import os
from pathlib import Path
from statistics import mean

from human_text import read

from ontarget.languages import Direction, Language
from ontarget.scoring.leftover import LeftoverWords

SOURCES = ("de", "fr", "cs", "en")
TWO_REFERENCES = {"en-de": "AB", "de-en": "AB", "en-cs": "BC", "cs-en": "BC", "en-zh": "AB", "zh-en": "AB"}


def lines_of(path: Path) -> list[str]:
    """The lines of a compressed file."""
    return gzip.decompress(path.read_bytes()).decode("utf-8").removesuffix("\n").split("\n")


def by_sources(data: Path, every: int) -> dict[str, float]:
    """Direction -> percent of the words of NTREX."""
    texts = read(data, every)["ntrex"]
    floors = {}
    for source in map(Language, SOURCES):
        for target, lines in texts.items():
            if target != source:
                words = LeftoverWords(target, source)
                words.add(lines, texts[source])
                floors[f"{source}-{target}"] = words.score.value
    return floors


def by_references(data: Path) -> dict[str, float]:
    """Direction -> percent of the words of both references of WMT22."""
    floors = {}
    for name, letters in TWO_REFERENCES.items():
        direction = Direction.parse(name)
        place = data / "wmt22"
        sources = lines_of(place / f"{name}.src.{direction.source}.gz")
        one, other = (lines_of(place / f"{name}.ref{x}.{direction.target}.gz") for x in letters)
        words = LeftoverWords(direction.target, direction.source)
        words.add(one, sources, [(line,) for line in other])
        words.add(other, sources, [(line,) for line in one])
        floors[name] = words.score.value
    return floors


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("ONTARGET_DATA", "../shared/data")))
    parser.add_argument("--every", type=int, default=1, help="Use every n-th line of NTREX.")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "results" / "leftover.json")
    options = parser.parse_args()
    floors, references = by_sources(options.data, options.every), by_references(options.data)
    print("| NTREX from | mean floor | the highest |\n|---|---:|---|")
    for source in SOURCES:
        of_source = {name: floor for name, floor in floors.items() if name.startswith(f"{source}-")}
        highest = sorted(of_source, key=of_source.__getitem__, reverse=True)[:4]
        named = ", ".join(f"{name.partition('-')[2]} {of_source[name]:.2f} %" for name in highest)
        print(f"| {Language(source).name()} | {mean(of_source.values()):.2f} % | {named} |")
    print("\n| WMT22, one reference by the other | floor |\n|---|---:|")
    for name, floor in references.items():
        print(f"| {name} | {floor:.2f} % |")
    result = {"every": options.every, "sources": floors, "references": references}
    options.output.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
