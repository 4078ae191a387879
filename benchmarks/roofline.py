"""How close a step of stage 2 is to its matrix products alone, for ours and the published algorithm.

    OMP_NUM_THREADS=1 python benchmarks/roofline.py [--size 58m] [--only ours]

The matrix products and attention kernels of one step are recorded with their shapes and types. Each is then
run alone, with random numbers in the same layout, which gives the time that no step with these products can
go below. Another step is timed without recording. Figures are processor time.
"""

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import torch
from machine import describe
from stage2_step import CONTENDERS
from steps import SHAPES, Job, make_model
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map_only

_PRODUCTS = ("mm", "bmm", "addmm", "addmm_", "baddbmm", "baddbmm_")
_ATTENTION = "_scaled_dot_product_flash_attention_for_cpu"
_STEPS = 4  # one warms up, one is recorded, the others are timed
_REPEATED = 5


class Layout(NamedTuple):
    """A tensor without its numbers."""

    shape: torch.Size
    strides: tuple[int, ...]
    dtype: torch.dtype

    def filled(self) -> Tensor:
        """A tensor in this layout, with random numbers."""
        made = torch.empty_strided(self.shape, self.strides, dtype=self.dtype)
        return made.normal_() if self.dtype.is_floating_point else made.fill_(True)


class Recorder(TorchDispatchMode):
    """Counts the products and attention kernels that run, by operation and arguments.

    Attributes:
        calls: (operation, its arguments with layouts in place of tensors) -> how often.
        operations: floating-point operations of the products, without those of attention.
    """

    def __init__(self) -> None:
        super().__init__()
        self.calls: Counter[tuple[Any, Any]] = Counter()
        self.operations = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func.overloadpacket.__name__
        if name in _PRODUCTS or name.startswith(_ATTENTION):
            tensors = [one for one in args if isinstance(one, Tensor)]
            if name in _PRODUCTS:
                rows, columns = tensors[-2:]
                self.operations += 2 * rows.numel() * columns.shape[-1]
            given = tree_map_only(Tensor, _layout, (tuple(args), tuple(sorted((kwargs or {}).items()))))
            self.calls[func, given] += 1
        return func(*args, **(kwargs or {}))


def _layout(tensor: Tensor) -> Layout:
    return Layout(tensor.shape, tensor.stride(), tensor.dtype)


def alone(calls: Mapping[tuple[Any, Any], int]) -> float:
    """Processor seconds of these operations, one after the other and nothing else."""
    total = 0.0
    for (operation, given), times in calls.items():
        args, kwargs = _filled(given[0]), {name: _filled(value) for name, value in given[1]}
        taken = []
        for _ in range(_REPEATED + 1):
            start = time.process_time()
            operation(*args, **kwargs)
            taken.append(time.process_time() - start)
        total += times * median(taken[1:])  # the first one loads code
    return total


def _filled(given: Any) -> Any:
    if isinstance(given, Layout):
        return given.filled()
    return tuple(map(_filled, given)) if isinstance(given, tuple) else given


def measure(train: Callable[..., None], job: Job, draw: Any) -> tuple[Recorder, list[float]]:
    """The operations of one step, and the processor seconds of the others."""
    recorder, clock = Recorder(), []

    def lap(_: int | None) -> None:
        clock.append(time.process_time())
        if len(clock) == 1:
            recorder.__enter__()
        elif len(clock) == 2:
            recorder.__exit__(None, None, None)

    train(job, draw, lap)
    return recorder, [after - before for before, after in pairwise(clock[1:])]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", choices=SHAPES, default="58m")
    parser.add_argument("--samples", type=int, default=8)
    parser.add_argument("--micro-batch-tokens", type=int, default=1024)
    parser.add_argument("--only", nargs="*", choices=CONTENDERS, default=list(CONTENDERS))
    options = parser.parse_args()
    machine = describe()
    print(f"{machine['cpu']}, bf16 by {machine['bf16_products']}, {machine['threads']} thread")
    print(
        "| | 10^9 operations | products alone, s | 10^9 operations a second | a step, s | step / products |"
    )
    print("|---|---:|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        make_model(Path(folder), options.size)
        job = Job(Path(folder), _STEPS, options.samples, options.micro_batch_tokens, sentences=2)
        for name in options.only:
            contender = CONTENDERS[name]
            recorder, steps = measure(contender.train, job, contender.draw(job.translations()))
            products, step = alone(recorder.calls), median(steps)
            billions = recorder.operations / 1e9
            print(
                f"| {name} | {billions:.0f} | {products:.2f} | {billions / products:.0f} | {step:.2f} "
                f"| {step / products:.2f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
