"""Padding against packing where attention needs a mask: forward and backward of one optimiser step's samples.

    python benchmarks/packing.py [--size 58m] [--rounds 5]

padded   micro-batches of similar length, padded on the right; no mask, for causal attention never looks there
packed   samples one after the other in rows of as many tokens; positions that begin again make the mask

Loss and gradients are the same (tests/training/data/test_packing.py). Ways take turns in one process.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import torch
from machine import describe
from steps import SHAPES, TEMPLATE, Job, autocast, load_model, make_model
from torch import nn

from ontarget.samples.groups import translation_groups
from ontarget.training.data.batches import MicroBatch, by_length, collate
from ontarget.training.data.packing import by_tokens, pack, seen_by_model
from ontarget.training.data.weights import signed_weights
from ontarget.training.loss.head import LogOddsHead
from ontarget.training.loss.objective import signed_loss

BUDGETS = (512, 1024, 2048)


def step(model: nn.Module, head: LogOddsHead, micro_batches: list[MicroBatch], place: torch.device) -> None:
    for micro_batch in micro_batches:
        counts = micro_batch["weights"] != 0
        with autocast(place):
            with head.log_odds_at(counts, micro_batch["labels"]):
                d = model(**seen_by_model(micro_batch), use_cache=False).logits
            loss = signed_loss(d, micro_batch["weights"][counts])
        loss.backward()
    model.zero_grad()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", choices=SHAPES, default="58m")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--samples", type=int, default=32)
    parser.add_argument("--sentences", type=int, default=2, help="of the phrasebook in a segment")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "results" / "packing.json")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        make_model(Path(folder), options.size)
        job = Job(Path(folder), 1, options.samples, max(BUDGETS), options.sentences)
        model, place = load_model(job)
        groups = job.encoded(translation_groups(job.translations(), TEMPLATE))
    head = LogOddsHead.install(model)
    head.examine(model, place)
    encoded = [e for group in groups for e in group]
    pairs = list(zip(encoded, signed_weights(encoded, 1.0, "token"), strict=True))
    tokens = sum(len(e.ids) for e in encoded)
    forms: dict[str, tuple[Callable[..., Any], Callable[..., MicroBatch]]] = {
        "padded": (by_length, collate),
        "packed": (by_tokens, pack),
    }
    rows = []
    for budget in BUDGETS:
        made = {name: [form(part) for part in cut(pairs, budget)] for name, (cut, form) in forms.items()}
        times: dict[str, list[tuple[float, float]]] = {name: [] for name in made}
        for turn in range(options.rounds + 1):
            for name, micro_batches in made.items():
                clock, processor = time.perf_counter(), time.process_time()
                step(model, head, micro_batches, place)
                if turn:  # the first warms up
                    times[name].append((time.perf_counter() - clock, time.process_time() - processor))
        for name, taken in times.items():
            in_rows = sum(micro_batch["input_ids"].numel() for micro_batch in made[name])
            rows.append(
                {
                    "form": name,
                    "micro_batch_tokens": budget,
                    "tokens_per_second": round(tokens / median(clock for clock, _ in taken), 1),
                    "tokens_per_cpu_second": round(tokens / median(cpu for _, cpu in taken), 1),
                    "padding_share": round(1 - (tokens - len(encoded)) / in_rows, 3),
                }
            )
            print(rows[-1], flush=True)
    settings = {key: getattr(options, key) for key in ("size", "rounds", "samples", "sentences")}
    load = [round(number, 1) for number in os.getloadavg()]
    result = {
        "machine": describe(),
        "load": load,
        "settings": settings | {"attention": model.config._attn_implementation},
        "rows": rows,
    }
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
