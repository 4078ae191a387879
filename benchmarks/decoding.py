"""What systems without tuning cost: processor seconds of each, against the model's own search.

    python benchmarks/decoding.py runs/multi30k-tiny [--stage mt] [--beam 1 4] [--lines 20] [--rounds 3]

The first lines of every direction of the run's test set are translated by one model of the run, or by
another one (`--model`), all at once or `--singles`. All systems take turns in every round; a system's figure
is the median over rounds of its seconds by those of `mt`. Its tokens are those of the chosen outputs,
relative to those of `mt`: a system with longer outputs takes longer.
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from tested import in_turns, ratio, save, tested_lines

from ontarget.pipeline.execution.systems import system_of
from ontarget.pipeline.planning.inputs import load_corpus
from ontarget.prompts.segment import Prompt
from ontarget.recipes.loading import load
from ontarget.settings.decoding import Decoding
from ontarget.translation.engines.generation import Generation
from ontarget.translation.engines.protocol import Engine
from ontarget.translation.engines.transformers import TransformersEngine
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


class OfLength(TransformersEngine):
    """An engine whose outputs end after `max_new_tokens` tokens alone."""

    def begin(self, prompts: Sequence[Prompt], decoding: Decoding, **others: Any) -> Generation:
        """See `TransformersEngine`."""
        self._end_ids = []
        return super().begin(prompts, decoding, **others | {"stop": (), "end": ""})


def compare(
    systems: dict[str, System], engine: Engine, calls: list[list[Request]], beam: int, rounds: int
) -> list[dict[str, Any]]:
    searched = {
        name: replace(system, decoding=replace(system.decoding, num_beams=beam))
        for name, system in systems.items()
    }
    tokens = dict[str, int]()

    def work(name: str, system: System) -> None:
        tokens[name] = sum(one.tokens for call in calls for one in translate(system, engine, call))

    seconds = in_turns({name: partial(work, name, system) for name, system in searched.items()}, rounds)
    rows = []
    for name, taken in seconds.items():
        of_mt, longer = ratio(taken, seconds["mt"]), round(tokens[name] / tokens["mt"], 2)
        least = round(min(taken), 2)
        rows.append({"system": name, "beam": beam, "seconds": least, "ratio": of_mt, "tokens": longer})
        print(f"beam {beam}  {name:22} {least:7.2f} s {of_mt:6.2f}  {longer:5.2f} of the tokens", flush=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, help="a run directory with models")
    parser.add_argument("--stage", default="mt")
    parser.add_argument("--model", type=Path, help="another model, in place of the stage's")
    parser.add_argument("--beam", type=int, nargs="+", default=[1, 4])
    parser.add_argument("--lines", type=int, default=20, help="of each direction")
    parser.add_argument("--singles", action="store_true", help="lines one by one")
    parser.add_argument("--max-new-tokens", type=int, help="of every output, which nothing else ends")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--systems", nargs="+", choices=SYSTEMS, default=list(SYSTEMS), help="`mt` is always one"
    )
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "results" / "decoding.json")
    options = parser.parse_args()
    asked: dict[str, Any] = {"systems": SYSTEMS, "test_lines": options.lines}
    if options.max_new_tokens:
        asked["decoding.max_new_tokens"] = options.max_new_tokens
    recipe = load(options.run / "recipe.yaml", asked)
    corpus = load_corpus(recipe)
    kind = OfLength if options.max_new_tokens else TransformersEngine
    engine = kind.load(options.model or options.run / "models" / options.stage)
    requests = tested_lines(options.run, options.stage, options.lines)
    systems = {name: system_of(recipe, name, corpus) for name in ["mt", *options.systems]}
    for system in systems.values():  # what is learnt from text is learnt once, before
        translate(system, engine, requests[:1])
    calls = [[request] for request in requests] if options.singles else [requests]
    rows = [row for beam in options.beam for row in compare(systems, engine, calls, beam, options.rounds)]
    settings = {
        "recipe": recipe.name,
        "model": options.model.name if options.model else options.stage,
        "singles": options.singles,
        "max_new_tokens": options.max_new_tokens,
        "sentences": len(requests),
        "rounds": options.rounds,
    }
    save(options.output, settings, rows)


if __name__ == "__main__":
    main()
