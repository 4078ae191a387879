"""What the check of `ontarget translate` costs: processor seconds of the check, against those of translating.

    OMP_NUM_THREADS=1 python benchmarks/translate.py runs/phrasebook-tiny [--beam 1 4] [--lines 50]

The first lines of every direction of the run's test set are translated by one model of the run, and checked.
Both take turns in every round; the figure is the median over rounds of the check's seconds by those of
translating.
"""

import argparse
import json
import os
import time
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

from machine import describe

from ontarget.checked.check import Checker
from ontarget.pipeline.execution.systems import system_of
from ontarget.pipeline.planning.inputs import directions, load_corpus
from ontarget.recipes.loading import load
from ontarget.translation.engines.transformers import TransformersEngine
from ontarget.translation.system import Request, System
from ontarget.translation.translate import translate


def overhead(
    system: System, engine: TransformersEngine, requests: list[Request], rounds: int
) -> dict[str, Any]:
    checker = Checker()
    checker.check(requests, translate(system, engine, requests[:1]) * len(requests))  # loads the identifier
    rows = []
    for _ in range(rounds):
        start = time.process_time()
        found = translate(system, engine, requests)
        middle = time.process_time()
        checker.check(requests, found)
        rows.append((middle - start, time.process_time() - middle))
    return {
        "beam": system.decoding.num_beams,
        "translating": round(min(one for one, _ in rows), 3),
        "checking": round(min(one for _, one in rows), 3),
        "overhead_percent": round(100 * median(check / whole for whole, check in rows), 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, help="a run directory with models")
    parser.add_argument("--stage", default="mt")
    parser.add_argument("--beam", type=int, nargs="+", default=[1, 4])
    parser.add_argument("--lines", type=int, default=50, help="of each direction")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "results" / "translate.json")
    options = parser.parse_args()
    recipe = load(options.run / "recipe.yaml", {"test_lines": options.lines})
    corpus = load_corpus(recipe)
    engine = TransformersEngine.load(options.run / "models" / options.stage)
    pairs = [p for d in directions(recipe) for p in corpus.translations(recipe.split, d, options.lines)]
    requests = [Request(pair.source, pair.direction) for pair in pairs]
    system = system_of(recipe, options.stage, corpus)
    rows = []
    for beam in options.beam:
        searched = replace(system, decoding=replace(system.decoding, num_beams=beam))
        rows.append(overhead(searched, engine, requests, options.rounds))
        print(rows[-1], flush=True)
    result = {
        "machine": describe(),
        "load": [round(number, 1) for number in os.getloadavg()],
        "settings": {
            "recipe": recipe.name,
            "stage": options.stage,
            "sentences": len(requests),
            "rounds": options.rounds,
        },
        "rows": rows,
    }
    options.output.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
