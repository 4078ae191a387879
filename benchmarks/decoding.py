"""What systems without tuning cost: processor seconds of each, against the model's own search.

    python benchmarks/decoding.py runs/multi30k-tiny [--stage mt] [--beam 1 4] [--lines 20] [--rounds 3]

The first lines of every direction of the run's test set are translated by one model of the run. All systems
take turns in every round; a system's figure is the median over rounds of its seconds by those of `mt`.
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

from ontarget.pipeline.execution.systems import load_engine, system_of
from ontarget.pipeline.planning.inputs import directions, load_corpus
from ontarget.recipes.loading import load
from ontarget.translation.engines.protocol import Engine
from ontarget.translation.system import Request, System
from ontarget.translation.translate import translate

SYSTEMS: dict[str, dict[str, Any]] = {
    "mt": {},
    "language-prior": {},
    "first-token-contrast": {},
    "token-boosting": {},
    "adaptive-boosting": {},
    "anti-lm": {},
    "reranked": {},
    "retried": {},
    "contrastive": {},
    "pivot": {},
}


def compare(
    systems: dict[str, System], engine: Engine, requests: list[Request], beam: int, rounds: int
) -> list[dict[str, Any]]:
    seconds: dict[str, list[float]] = {name: [] for name in systems}
    for _ in range(rounds):
        for name, system in systems.items():
            searched = replace(system, decoding=replace(system.decoding, num_beams=beam))
            start = time.process_time()
            translate(searched, engine, requests)
            seconds[name].append(time.process_time() - start)
    rows = []
    for name, taken in seconds.items():
        ratio = median(own / mt for own, mt in zip(taken, seconds["mt"], strict=True))
        rows.append({"system": name, "beam": beam, "seconds": round(min(taken), 2), "ratio": round(ratio, 2)})
        print(f"beam {beam}  {name:22} {rows[-1]['seconds']:7.2f} s {rows[-1]['ratio']:6.2f}", flush=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, help="a run directory with models")
    parser.add_argument("--stage", default="mt")
    parser.add_argument("--beam", type=int, nargs="+", default=[1, 4])
    parser.add_argument("--lines", type=int, default=20, help="of each direction")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "results" / "decoding.json")
    options = parser.parse_args()
    asked = {"systems": SYSTEMS, "test_lines": options.lines}
    recipe = load(options.run / "recipe.yaml", asked)
    corpus = load_corpus(recipe)
    engine = load_engine(options.run / "models" / options.stage)
    pairs = [p for d in directions(recipe) for p in corpus.translations(recipe.split, d, options.lines)]
    requests = [Request(pair.source, pair.direction) for pair in pairs]
    systems = {name: system_of(recipe, name, corpus) for name in SYSTEMS}
    for system in systems.values():  # what is learnt from text is learnt once, before
        translate(system, engine, requests[:1])
    rows = [row for beam in options.beam for row in compare(systems, engine, requests, beam, options.rounds)]
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
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
