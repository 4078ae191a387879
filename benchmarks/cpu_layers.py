"""Layers of a model on a CPU in bf16: Transformers' own against those of `ontarget.training.cpu`, in turns.

    OMP_NUM_THREADS=1 python benchmarks/cpu_layers.py [--size 135m] [--rounds 8]

Each line adds a function to those above it. Figures are milliseconds of processor time for the forward and
backward pass of a layer, smallest and median. All take turns in one process, with random weights and text.
"""

import argparse
import time
from collections.abc import Callable
from statistics import median

import torch
from steps import SHAPES
from transformers import LlamaConfig, LlamaForCausalLM

from ontarget.hardware import keep_freed_memory
from ontarget.training.cpu.attention import widen_backward
from ontarget.training.cpu.mlp import fuse_mlps
from ontarget.training.cpu.rms_norm import fuse_norms

_LAYERS = 4


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", choices=SHAPES, default="135m")
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--rows", type=int, default=14)
    parser.add_argument("--tokens", type=int, default=112, help="of a row")
    options = parser.parse_args()
    keep_freed_memory()
    contenders = {"Transformers": model(options.size)}
    changes: list[Callable[[LlamaForCausalLM], None]] = []
    for name, change in (("attention", widen_backward), ("norms", fuse_norms), ("SwiGLU", fuse_mlps)):
        changes.append(change)
        contenders[f"+ {name}"] = model(options.size)
        for each in changes:
            each(contenders[f"+ {name}"])
    hidden = contenders["Transformers"].config.hidden_size
    values = torch.randn(options.rows, options.tokens, hidden).bfloat16().requires_grad_()
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(options.rounds + 1):
        for name, contender in contenders.items():
            start = time.process_time()
            contender.model(inputs_embeds=values, use_cache=False).last_hidden_state.sum().backward()
            if number:  # the first warms up
                times[name].append(1000 * (time.process_time() - start) / _LAYERS)
            contender.zero_grad()
    for name, taken in times.items():
        print(f"{name:14} {min(taken):7.1f} {median(taken):7.1f}")


def model(size: str) -> LlamaForCausalLM:
    """A few layers, with a small vocabulary, in bf16."""
    shape = SHAPES[size]
    config = LlamaConfig(
        vocab_size=8,
        hidden_size=shape["hidden"],
        intermediate_size=shape["intermediate"],
        num_hidden_layers=_LAYERS,
        num_attention_heads=shape["heads"],
        num_key_value_heads=shape.get("keys", shape["heads"]),
        attn_implementation="sdpa",
    )
    torch.manual_seed(1)
    return LlamaForCausalLM(config).bfloat16().train()


if __name__ == "__main__":
    main()
