"""Time and peak memory of the loss alone, from hidden states to all gradients, by vocabulary.

    python benchmarks/loss_memory.py [--tokens 512] [--features 512] [--rounds 5] [--held bf16]

Every way gets the same hidden states and weight, in fp32 or as `--held` says, works under bf16 autocast and
gives the gradients of both. Memory is what is needed above its inputs, the gradients included; on a CPU, by a
fresh process. Time is measured in one process, the ways taking turns; `cpu_seconds` is what the process
itself used, which other programs disturb less.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import torch
from machine import describe
from torch import Tensor
from torch.nn.functional import cross_entropy, linear

from ontarget.hardware import device, keep_freed_memory
from ontarget.training.loss.linear_loss import linear_signed_loss
from ontarget.training.loss.log_odds import linear_log_odds, log_odds
from ontarget.training.loss.objective import signed_loss

HELD = {"fp32": torch.float32, "bf16": torch.bfloat16}
Way = Callable[[Tensor, Tensor, Tensor], Tensor]  # hidden, weight, labels -> loss


def plain_cross_entropy(hidden: Tensor, weight: Tensor, labels: Tensor) -> Tensor:
    return cross_entropy(linear(hidden, weight).float(), labels)


def published_unlikelihood(hidden: Tensor, weight: Tensor, labels: Tensor) -> Tensor:
    p = linear(hidden, weight).float().softmax(1)
    return -torch.log(torch.clamp(1 - p, 1e-9)).gather(1, labels[:, None]).mean()


def from_logits(hidden: Tensor, weight: Tensor, labels: Tensor) -> Tensor:
    return signed_loss(log_odds(linear(hidden, weight), labels), _weights(labels))


def fused(hidden: Tensor, weight: Tensor, labels: Tensor) -> Tensor:
    return signed_loss(linear_log_odds(hidden, weight, labels), _weights(labels))


def known_in_the_forward_pass(hidden: Tensor, weight: Tensor, labels: Tensor) -> Tensor:
    return linear_signed_loss(hidden, weight, labels, _weights(labels))[0]


def _weights(labels: Tensor) -> Tensor:
    return torch.full(labels.shape, 1 / len(labels), device=labels.device)


WAYS: dict[str, Way] = {
    "cross_entropy": plain_cross_entropy,
    "published_unlikelihood": published_unlikelihood,
    "log_odds": from_logits,
    "linear_log_odds": fused,
    "linear_signed_loss": known_in_the_forward_pass,
}


def add_liger() -> str:
    """Liger's fused cross-entropy beside the others where it can run; else why not."""
    if not torch.cuda.is_available():
        return "left out: it needs a GPU"
    try:
        from liger_kernel.transformers.functional import liger_fused_linear_cross_entropy
    except ImportError:
        return "left out: liger-kernel is not installed"
    WAYS["liger"] = lambda hidden, weight, labels: liger_fused_linear_cross_entropy(
        hidden.bfloat16(), weight.bfloat16(), labels
    )
    return "measured"


def make_inputs(tokens: int, features: int, vocabulary: int, held: str) -> tuple[Tensor, Tensor, Tensor]:
    torch.manual_seed(0)
    hidden = torch.randn(tokens, features, device=device()).to(HELD[held])
    weight = (torch.randn(vocabulary, features, device=device()) / features**0.5).to(HELD[held])
    labels = torch.randint(vocabulary, (tokens,), device=device())
    return hidden.requires_grad_(), weight.requires_grad_(), labels


def once(way: Way, inputs: tuple[Tensor, Tensor, Tensor]) -> None:
    with torch.autocast(device().type, torch.bfloat16):
        loss = way(*inputs)
    torch.autograd.grad(loss, inputs[:2])
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def peak_bytes(name: str, tokens: int, features: int, vocabulary: int, held: str) -> int:
    """Above the inputs, of this process, which must be a fresh one on a CPU."""
    once(WAYS[name], make_inputs(8, features, 1000, held))  # libraries load what they need
    inputs = make_inputs(tokens, features, vocabulary, held)
    if torch.cuda.is_available():
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        once(WAYS[name], inputs)
        return torch.cuda.max_memory_allocated() - before
    before = _status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    once(WAYS[name], inputs)
    return _status("VmHWM") - before


def _status(key: str) -> int:
    lines = Path("/proc/self/status").read_text(encoding="utf-8").split("\n")
    return 1024 * int(next(line.split()[1] for line in lines if line.startswith(key)))


def measure(tokens: int, features: int, vocabulary: int, rounds: int, held: str) -> list[dict[str, Any]]:
    shape = [str(what) for what in (tokens, features, vocabulary, held)]
    peaks = {
        name: peak_bytes(name, tokens, features, vocabulary, held)
        if torch.cuda.is_available()
        else int(subprocess.check_output([sys.executable, __file__, "--peak", name, *shape], text=True))
        for name in WAYS
    }
    inputs = make_inputs(tokens, features, vocabulary, held)
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in WAYS}
    for turn in range(rounds + 1):
        for name, way in WAYS.items():
            wall, cpu = time.perf_counter(), time.process_time()
            once(way, inputs)
            if turn:  # the first warms up
                times[name].append((time.perf_counter() - wall, time.process_time() - cpu))
    return [
        {
            "way": name,
            "vocabulary": vocabulary,
            "seconds": round(median(wall for wall, _ in times[name]), 4),
            "cpu_seconds": round(median(cpu for _, cpu in times[name]), 4),
            "peak_mib": round(peaks[name] / 2**20, 1),
        }
        for name in WAYS
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tokens", type=int, default=512)
    parser.add_argument("--features", type=int, default=512)
    parser.add_argument("--vocabularies", type=int, nargs="+", default=[32_000, 128_000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--held", choices=HELD, default="fp32", help="type of hidden states and weight")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "results" / "loss_memory.json")
    parser.add_argument("--json", action="store_true", help="print the rows as one line, and write no file")
    parser.add_argument("--peak", nargs=5, help=argparse.SUPPRESS)  # a fresh process of our own
    options = parser.parse_args()
    liger = add_liger()
    if options.peak:
        print(peak_bytes(options.peak[0], *map(int, options.peak[1:4]), options.peak[4]))
        return
    keep_freed_memory()  # as training does; not in the processes that measure memory
    rows = []
    for vocabulary in options.vocabularies:
        rows += measure(options.tokens, options.features, vocabulary, options.rounds, options.held)
        for row in rows[-len(WAYS) :]:
            print(row, flush=True)
    if options.json:
        print(json.dumps({"ways": rows, "liger": liger}))
        return
    options.output.parent.mkdir(parents=True, exist_ok=True)
    settings = {
        "tokens": options.tokens,
        "features": options.features,
        "rounds": options.rounds,
        "held": options.held,
    }
    result = {"machine": describe(), "settings": settings | {"liger": liger}, "rows": rows}
    options.output.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
