"""What systems without tuning cost: processor seconds of each, against the model's own search.

    python benchmarks/decoding.py runs/multi30k-tiny [--stage mt] [--beam 1 4] [--lines 20] [--rounds 3]

The first lines of every direction of the run's test set are translated by one model of the run. All systems
take turns in every round; a system's figure is the median over rounds of its seconds by those of `mt`.
"""

import argparse
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from tested import in_turns, ratio, save, tested_lines

from ontarget.pipeline.execution.systems import load_engine, system_of
from ontarget.pipeline.planning.inputs import load_corpus
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
    searched = {
        name: replace(system, decoding=replace(system.decoding, num_beams=beam))
        for name, system in systems.items()
    }
    seconds = in_turns(
        {name: partial(translate, system, engine, requests) for name, system in searched.items()}, rounds
    )
    rows = []
    for name, taken in seconds.items():
        of_mt = ratio(taken, seconds["mt"])
        rows.append({"system": name, "beam": beam, "seconds": round(min(taken), 2), "ratio": of_mt})
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
    engine = load_engine(options.run / "models" / options.stage, "auto")
    requests = tested_lines(options.run, options.stage, options.lines)
    systems = {name: system_of(recipe, name, corpus) for name in SYSTEMS}
    for system in systems.values():  # what is learnt from text is learnt once, before
        translate(system, engine, requests[:1])
    rows = [row for beam in options.beam for row in compare(systems, engine, requests, beam, options.rounds)]
    settings = {
        "recipe": recipe.name,
        "stage": options.stage,
        "sentences": len(requests),
        "rounds": options.rounds,
    }
    save(options.output, settings, rows)


if __name__ == "__main__":
    main()
