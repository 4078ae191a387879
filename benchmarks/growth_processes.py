"""What more processes cost: measured with two on this CPU, calculated for many GPUs. See growth.py.

The calculation takes the parts of a step of 8 billion parameters on one H200 from two measurements of
stage1_step.py (64 and 256 pairs a step: `gpu_stage1_8b*.json`), and published speeds of links: NVLink 4 has
450 GB/s in each direction among the 8 GPUs of a machine, and each GPU has 400 Gb/s of InfiniBand to others.
Gradients are in fp32 and are summed in two levels of rings, without overlap with the backward pass. So the
table is what to expect at worst, if all links reach their speed.
"""

import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from growth_table import Row, Table

NUMBERS = 2_000_000  # gradients of a model like the demo's
NVLINK, INFINIBAND = 450e9, 50e9  # bytes a second of a GPU, in each direction
OF_A_MACHINE = 8
GPUS = (1, 8, 16, 64, 128, 512)
PAIRS = 64  # of a GPU and step (weak), or of all at 8 GPUs (strong)


def processes(sizes: Sequence[int]) -> list[Row]:
    """The sum of gradients over processes here, then the calculation."""
    table = Table("processes")
    for count in sizes:
        with tempfile.TemporaryDirectory() as folder:
            mp.spawn(_sum, (count, folder), nprocs=count)
            seconds = max(float(path.read_text()) for path in Path(folder).glob("seconds.*"))
        table.begin(count, 1)
        table.add("sum of 2 million gradients, ms", round(1000 * seconds, 2))
        table.end()
    return table.rows + calculated()


def _sum(rank: int, count: int, folder: str) -> None:
    dist.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=count)
    gradients, found = torch.ones(NUMBERS), []
    for _ in range(5):
        began = time.process_time()
        dist.all_reduce(gradients)
        found.append(time.process_time() - began)
    Path(folder, f"seconds.{rank}").write_text(str(min(found)))
    dist.destroy_process_group()


def calculated() -> list[Row]:
    """Steps of 8 billion parameters on many GPUs."""
    each, fixed, gradients = step_parts()
    parts = f"a pair {1000 * each:.1f} ms, each step {fixed:.2f} s, gradients {gradients / 1e9:.0f} GB"
    print(f"\ncalculated from {parts}:")
    table = Table("GPUs")
    for gpus in GPUS:
        reduced = seconds_of_sum(gradients, gpus)
        alone, weak = fixed + PAIRS * each, fixed + PAIRS * each + reduced
        whole = PAIRS * OF_A_MACHINE
        strong = fixed + whole / gpus * each + reduced
        table.begin(gpus, 1)
        table.add("sum, s", round(reduced, 3))
        table.add(f"step of {PAIRS} pairs a GPU, s", round(weak, 2))
        table.add("efficiency %", round(100 * alone / weak))
        table.add(f"step of {whole} pairs in all, s", round(strong, 2))
        table.add("efficiency % ", round(100 * (fixed + whole * each) / (gpus * strong)))
        table.end()
    return table.rows


def step_parts() -> tuple[float, float, float]:
    """Seconds for a pair and for a step besides its pairs, and bytes of gradients, as measured."""
    found = []
    for name in ("gpu_stage1_8b", "gpu_stage1_8b_256"):
        result = json.loads((Path(__file__).parent / "results" / f"{name}.json").read_text(encoding="utf-8"))
        [row] = (row for row in result["rows"] if row["contender"] == "ours")
        pairs = result["settings"]["samples"]
        found.append((pairs, pairs / row["samples_per_second"], result["settings"]["parameters"]))
    (few, short, parameters), (many, long, _) = found
    each = (long - short) / (many - few)
    return each, short - few * each, 4.0 * parameters


def seconds_of_sum(gradients: float, gpus: int) -> float:
    """Seconds to sum gradients over GPUs: a ring in each machine, rings of equal shares between them."""
    within = min(gpus, OF_A_MACHINE)
    machines = gpus // within
    inner = 2 * (within - 1) / within * gradients / NVLINK
    return inner + 2 * (machines - 1) / machines * gradients / within / INFINIBAND
