"""What stage1_step.py and stage2_step.py share: a model, text, and contenders that take turns.

Each turn is a process of its own. The model has random weights and the text is the phrasebook's, so nothing
is downloaded; a segment is several sentences long, as those of talks are.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any, Literal

import torch
from machine import Memory, describe
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM

from ontarget.corpora import phrasebook
from ontarget.corpora.corpus import Translation
from ontarget.hardware import device, keep_freed_memory, prefers_bf16
from ontarget.languages import Language
from ontarget.prompts.template import PromptTemplate
from ontarget.samples.draw import supervised_directions
from ontarget.samples.groups import Draw
from ontarget.settings.objective import UNLIKELIHOOD, Objective
from ontarget.settings.tuning import Tuning
from ontarget.training.data.encode import Encoded, Encoder
from ontarget.training.new_model import make_tokenizer
from ontarget.training.stage import StageData, train_stage

LANGUAGES = [Language(code) for code in ("en", "it", "nl", "ro")]
DIRECTIONS = supervised_directions(LANGUAGES, LANGUAGES[0])
TEMPLATE = PromptTemplate.load("alpaca")
MAX_LENGTH = 512  # the paper's
ALPHA = 0.05
LEARNING_RATE = 2e-6
SHAPES: dict[str, dict[str, Any]] = {
    "tiny": dict(hidden=64, layers=1, heads=2, intermediate=128, vocabulary=4000, tied=True),
    "7m": dict(hidden=256, layers=6, heads=4, intermediate=704, vocabulary=8000, tied=True),
    "58m": dict(hidden=512, layers=8, heads=8, intermediate=1408, vocabulary=32_000, tied=False),
    "135m": dict(  # that of SmolLM2
        hidden=576, layers=30, heads=9, keys=3, intermediate=1536, vocabulary=49_152, tied=True
    ),
    "1b": dict(  # that of Llama 3.2
        hidden=2048, layers=16, heads=32, keys=8, intermediate=8192, vocabulary=128_256, tied=True
    ),
    "3b": dict(  # eight of the 32 layers of Llama 3 8B
        hidden=4096, layers=8, heads=32, keys=8, intermediate=14_336, vocabulary=128_256, tied=False
    ),
    "8b": dict(  # that of Llama 3
        hidden=4096, layers=32, heads=32, keys=8, intermediate=14_336, vocabulary=128_256, tied=False
    ),
}
_LINES = 4000  # of the phrasebook
_PIECES = 4000  # of the tokenizer, whose lexicon gives no more; the model has its whole vocabulary
_STATE = 4 * 4  # bytes of a parameter: weight, gradient and the two moments of AdamW, in fp32

Lap = Callable[[int | None], None]  # called after each step; tokens seen so far, if they were counted


class _Enough(Exception):
    """The last step has been taken: what follows, saving a model, is not compared."""


@dataclass(frozen=True)
class Job:
    """What a contender is to do: `steps` optimiser steps of `samples` translations, the first to warm up."""

    start: Path
    steps: int
    samples: int
    micro_batch_tokens: int
    sentences: int
    optimiser: Literal["adamw", "adamw-8bit"] = "adamw"

    def lines(self) -> dict[Language, Sequence[str]]:
        """Text of each language."""
        corpus = phrasebook.load(_LINES)
        return {language: corpus.lines("train", language) for language in LANGUAGES}

    def translations(self) -> list[Translation]:
        lines, made = self.lines(), []
        for number in range(self.steps * self.samples):
            direction = DIRECTIONS[number % len(DIRECTIONS)]
            rows = [(number * self.sentences + n) % _LINES for n in range(self.sentences)]
            source, target = (
                " ".join(lines[side][row] for row in rows) for side in (direction.source, direction.target)
            )
            made.append(Translation(source, target, direction))
        return made

    def encoded(self, draw: Draw) -> list[list[Encoded]]:
        """One pass as ids, in the order of the draw."""
        tokenizer = AutoTokenizer.from_pretrained(self.start)
        encoder = Encoder(tokenizer, TEMPLATE.separator, MAX_LENGTH, self.lines())
        return [[e for sample in group if (e := encoder.encode(sample))] for group in draw(0)]


@dataclass(frozen=True)
class Contender:
    """A way to train, and what it trains on."""

    train: Callable[[Job, Draw, Lap], None]
    draw: Callable[[list[Translation]], Draw]


def ours(
    objective: Objective = UNLIKELIHOOD, *, telling: bool = False, **settings: Any
) -> Callable[[Job, Draw, Lap], None]:
    """`train_stage`, as `ontarget train` calls it.

    `telling`: it is given text of each language, as stages are that weigh tokens by what they tell of it.
    """

    def train(job: Job, draw: Draw, lap: Lap) -> None:
        tuning = Tuning(
            learning_rate=LEARNING_RATE,
            max_steps=job.steps,
            global_batch_size=job.samples,
            max_tokens_per_micro_batch=job.micro_batch_tokens,
            max_length=MAX_LENGTH,
            optim="adamw_torch_fused" if job.optimiser == "adamw" else "adamw_bnb_8bit",
            **settings,
        )

        def progress(step: int, steps: int, _: Any) -> None:
            lap(None)
            if step == steps:
                raise _Enough

        with tempfile.TemporaryDirectory() as folder, suppress(_Enough):
            train_stage(
                job.start,
                StageData(draw, TEMPLATE.separator, job.lines() if telling else {}),
                tuning,
                output=Path(folder) / "model",
                work=Path(folder) / "work",
                alpha=ALPHA,
                objective=objective,
                progress=progress,
            )

    return train


def load_model(job: Job) -> tuple[Any, torch.device]:
    """For the others: the model in fp32, where ours would put it, with memory allocated as ours does."""
    keep_freed_memory()
    place = device()
    return AutoModelForCausalLM.from_pretrained(job.start, dtype=torch.float32).to(place), place


def make_optimiser(job: Job, model: Any) -> torch.optim.Optimizer:
    """For the others: AdamW as ours has it."""
    if job.optimiser == "adamw":
        return torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, weight_decay=0.0, fused=True)
    from bitsandbytes.optim import AdamW8bit

    return AdamW8bit(model.parameters(), lr=LEARNING_RATE, weight_decay=0.0)


def autocast(place: torch.device, bf16: bool = True) -> torch.autocast:
    """The precision that ours takes here, or fp32."""
    return torch.autocast(place.type, torch.bfloat16, enabled=bf16 and prefers_bf16())


def make_model(folder: Path, size: str) -> None:
    """Saves a LLaMA with random weights, and a tokenizer."""
    shape = SHAPES[size]
    corpus = phrasebook.load(_LINES)
    prompt = "".join(segment.text for segment in TEMPLATE.render("", DIRECTIONS[0]))
    # As often as the words of texts: the prompt takes about as many pieces as with a tokenizer of the web.
    texts = [line for language in LANGUAGES for line in corpus.lines("train", language)]
    tokenizer = make_tokenizer([*texts, *[prompt] * 1000], min(_PIECES, shape["vocabulary"]))
    config = LlamaConfig(
        vocab_size=shape["vocabulary"],
        hidden_size=shape["hidden"],
        intermediate_size=shape["intermediate"],
        num_hidden_layers=shape["layers"],
        num_attention_heads=shape["heads"],
        num_key_value_heads=shape.get("keys", shape["heads"]),
        max_position_embeddings=2048,
        tie_word_embeddings=shape["tied"],
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    torch.manual_seed(1)
    # Saved in half the bytes, and made where random numbers are made faster.
    large = size in ("1b", "3b", "8b")
    with torch.device(device() if large else "cpu"):
        model = LlamaForCausalLM(config).to(torch.bfloat16 if large else torch.float32)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    del model
    torch.cuda.empty_cache()  # for the processes that are to train it


def count_parameters(folder: Path) -> int:
    """How many a saved model has; none of them is read."""
    with torch.device("meta"):
        return LlamaForCausalLM(LlamaConfig.from_pretrained(folder)).num_parameters()


def compare(script: str, about: str | None, contenders: Mapping[str, Contender], samples: int) -> None:
    """The command line of a benchmark: contenders take turns; in a process of its own, one takes its turn."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=SHAPES, default="58m")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each contender")
    parser.add_argument("--steps", type=int, default=4, help="of a turn; the first is left out")
    parser.add_argument("--samples", type=int, default=samples, help="translations in a step")
    parser.add_argument("--micro-batch-tokens", type=int, default=1024, help="in a forward of ours")
    parser.add_argument("--sentences", type=int, default=2, help="of the phrasebook in a segment")
    parser.add_argument(
        "--optimiser", choices=("adamw", "adamw-8bit"), default="adamw", help="of all of them"
    )
    parser.add_argument("--only", nargs="*", choices=contenders, default=list(contenders))
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "results" / f"{script}.json")
    parser.add_argument("--model", type=Path, help="where to make the model, and to find it the next time")
    parser.add_argument("--turn", help=argparse.SUPPRESS)  # whose, and where the model is
    parser.add_argument("--start", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    keys = ("steps", "samples", "micro_batch_tokens", "sentences", "optimiser")
    settings = {key: getattr(options, key) for key in keys}
    if options.turn:
        print(json.dumps(take_turn(contenders[options.turn], Job(options.start, **settings))))
        return
    with nullcontext(options.model) if options.model else tempfile.TemporaryDirectory() as folder:
        if not (Path(folder) / "tiny").exists():
            make_model(Path(folder), options.size)
            make_model(Path(folder) / "tiny", "tiny")
        parameters = count_parameters(Path(folder))
        turns: dict[str, list[dict[str, Any]]] = {name: [] for name in options.only}
        for _ in range(options.rounds):
            for name in options.only:
                command = [sys.executable, *sys.argv, "--turn", name, "--start", str(folder)]
                printed = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
                turns[name].append(json.loads(printed.strip().split("\n")[-1]))
    rows = [row_of(name, taken, parameters, SHAPES[options.size]) for name, taken in turns.items()]
    for row in rows:
        print(row)
    result = {
        "machine": describe(),
        "load": [
            round(load, 1) for load in os.getloadavg()
        ],  # of 1, 5 and 15 minutes: 2 and more is not idle
        "settings": settings | {"size": options.size, "rounds": options.rounds, "parameters": parameters},
        "rows": rows,
    }
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def take_turn(contender: Contender, job: Job) -> dict[str, Any]:
    """Seconds of each step but the first, by the clock and of the processor, and bytes above the start's."""
    draw = contender.draw(job.translations())
    samples = [e for group in job.encoded(draw) for e in group]
    tokens, labels = sum(len(e.ids) for e in samples), sum(len(e.ids) - e.response for e in samples)
    clock, processor, seen = [], [], []
    # Libraries load what they need, and that is nobody's memory for training.
    tiny = replace(job, start=job.start / "tiny", steps=2, samples=2)
    contender.train(tiny, contender.draw(tiny.translations()), lambda _: None)
    memory = Memory()

    def lap(tokens_seen: int | None) -> None:
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        clock.append(time.perf_counter())
        processor.append(time.process_time())
        seen.append(tokens_seen)

    with memory:
        contender.train(job, draw, lap)
    steps = len(clock) - 1
    return {
        "seconds": [after - start for start, after in pairwise(clock)],
        "cpu_seconds": [after - start for start, after in pairwise(processor)],
        "bytes": memory.peak - memory.before,
        "labels_a_token": labels / tokens,
        "tokens": tokens / job.steps if seen[-1] is None else (seen[-1] - seen[0]) / steps,
        "samples": job.samples
        if seen[-1] is None
        else job.samples * (seen[-1] - seen[0]) / steps * job.steps / tokens,
    }


def row_of(name: str, turns: list[dict[str, Any]], parameters: int, shape: dict[str, Any]) -> dict[str, Any]:
    seconds = median(time for turn in turns for time in turn["seconds"])
    cpu_seconds = median(time for turn in turns for time in turn["cpu_seconds"])
    tokens, samples = turns[0]["tokens"], turns[0]["samples"]
    peak = median(turn["bytes"] for turn in turns)
    # What has to be multiplied, forwards and backwards: the layers for each token, the head for each label.
    # Attention among the tokens of a sample is left out: it is little where samples are short.
    head = shape["vocabulary"] * shape["hidden"]
    layers = parameters - head * (1 if shape["tied"] else 2)
    work = 6 * tokens * (layers + head * turns[0]["labels_a_token"])
    return {
        "contender": name,
        "samples_per_second": round(samples / seconds, 3),
        "tokens_per_second": round(tokens / seconds, 1),
        "samples_per_cpu_second": round(samples / cpu_seconds, 3),
        "model_tflops_per_second": round(work / seconds / 1e12, 3),
        "peak_mib": round(peak / 2**20),
        "above_weights_mib": round((peak - 4 * parameters) / 2**20),
        "above_training_state_mib": round((peak - _STATE * parameters) / 2**20),
    }
