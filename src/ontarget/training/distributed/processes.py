"""The share of each process in an optimiser step.

Weights are normalised over the whole global batch, so shares simply add up: a step is the same for any number
of processes, up to the order of sums.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

Item = TypeVar("Item")
Piece = TypeVar("Piece")  # of an item, which may hold several


def cores() -> int:
    """How many of the machine's cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class Share:
    """Which part is ours: process `rank` of `processes`."""

    rank: int = 0
    processes: int = 1

    @classmethod
    def ours(cls) -> "Share":
        """As torchrun tells each process that it starts; the whole in any other."""
        return cls(int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1)))

    def of(
        self,
        items: Sequence[Item],
        size: Callable[[Item], int],
        cut: Callable[[list[Item]], list[list[Piece]]],
    ) -> list[list[Piece]]:
        """Our parts of `items`, as many as every other process has: empty ones make up the number.

        Processes wait for each other at every forward pass of a sharded model, so all must make as many.

        Args:
            size: tokens of an item.
            cut: makes the parts, micro-batches, of the items of one process.
        """
        shares = [cut(mine) for mine in deal(items, size, self.processes)]
        ours = shares[self.rank]
        return ours + [[] for _ in range(max(map(len, shares)) - len(ours))]


def deal(items: Sequence[Item], size: Callable[[Item], int], processes: int) -> list[list[Item]]:
    """Deals items out so that all get about as many tokens: longest first, each to who has least."""
    shares: list[list[Item]] = [[] for _ in range(processes)]
    tokens = [0] * processes
    for item in sorted(items, key=lambda item: -size(item)):
        poorest = tokens.index(min(tokens))
        shares[poorest].append(item)
        tokens[poorest] += size(item)
    return shares
