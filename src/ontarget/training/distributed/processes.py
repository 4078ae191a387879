"""The share of each process in an optimizer step.

Weights are normalized over the global batch, so the losses of shares add up. A step is the same for any
number of processes, up to the order of summation.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TypeVar

Item = TypeVar("Item")
Piece = TypeVar("Piece")  # of an item, which may hold several


def cores() -> int:
    """The number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def threads_of_each(processes: int) -> int:
    """How many threads each of several processes computes with, which share the cores of this process.

    The user may have set a number of threads for all of them together, in OMP_NUM_THREADS.
    """
    of_outermost = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    together = int(of_outermost) if of_outermost.isdecimal() and int(of_outermost) else cores()
    return max(1, together // processes)


def gpus() -> list[str]:
    """The GPUs of this machine that may be used, as CUDA_VISIBLE_DEVICES names them."""
    if find_spec("torch") is None:
        return []
    from ontarget.hardware import gpu_count

    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    return named.split(",") if named else [str(number) for number in range(gpu_count())]


@dataclass(frozen=True, slots=True)
class Share:
    """The share of process `rank` of `processes`."""

    rank: int = 0
    processes: int = 1

    @classmethod
    def ours(cls) -> "Share":
        """The share of this process by torchrun's environment variables; the whole without them."""
        return cls(int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1)))

    def of(
        self,
        items: Sequence[Item],
        size: Callable[[Item], int],
        cut: Callable[[list[Item]], list[list[Piece]]],
    ) -> list[list[Piece]]:
        """The micro-batches of this process, padded with empty ones to the same number for all processes.

        The processes wait for each other at every forward pass of a sharded model, so all need the same
        number of passes.

        Args:
            items: the whole batch.
            size: number of tokens of an item.
            cut: cuts the items of one process into micro-batches.
        """
        shares = [cut(mine) for mine in deal(items, size, self.processes)]
        ours = shares[self.rank]
        return ours + [[] for _ in range(max(map(len, shares)) - len(ours))]


def deal(items: Sequence[Item], size: Callable[[Item], int], processes: int) -> list[list[Item]]:
    """Distributes items, longest first, each to the process with the fewest tokens so far."""
    shares: list[list[Item]] = [[] for _ in range(processes)]
    tokens = [0] * processes
    for item in sorted(items, key=lambda item: -size(item)):
        smallest = tokens.index(min(tokens))
        shares[smallest].append(item)
        tokens[smallest] += size(item)
    return shares
