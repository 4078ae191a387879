"""All figures of training on a GPU, in one command that ends in time.

    python benchmarks/gpu.py [--minutes 9.5] [--sizes 3b 8b] [--limit 150]
    python benchmarks/gpu.py --sizes tiny --samples 4 --micro-batch-tokens 256   # a trial, also on a CPU

It prints, each in a process of its own:

1. the loss alone, ours and Liger's (loss_memory.py);
2. stage 1 of a model in the shape of LLaMA 3 8B, whole or eight layers: ours, ours without each of its parts,
   ours with Liger's loss, and TRL's trainer;
3. where the time of a step goes (gpu_profile.py).

`share_of_peak` is relative to the GPU's products in bf16 by its manufacturer. A row that fails, takes longer
than `--limit`, or has no time left says so, and the others go on. The first size has all rows, the others
have those of `SHORT`.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from unittest import mock

import torch
from machine import describe
from stage1_step import drawn, trl
from steps import SHAPES, Contender, Job, count_parameters, make_model, ours, row_of, take_turn
from torch import Tensor

from ontarget.training import trainer
from ontarget.training.data import packing
from ontarget.training.gpu import fused_layers
from ontarget.training.loss import head
from ontarget.training.loss.log_odds import linear_log_odds
from ontarget.training.loss.objective import signed_loss

HERE = Path(__file__).parent
PEAKS = {"H200": 989.0, "H100": 989.0, "A100": 312.0}  # TFLOP/s of dense bf16 products; H100 with SXM
SHORT = ("ours", "trl, packed", "trl, packed, Liger", "ours, twice the micro-batch", "ours, as before")


def two_passes(
    hidden: Tensor, weight: Tensor, labels: Tensor, weights: Tensor, q: float, *how: Any
) -> tuple[Tensor, Tensor]:
    """The loss with four products."""
    d = linear_log_odds(hidden, weight, labels, *how)
    return signed_loss(d, weights, q), d.detach()


def by_liger(
    hidden: Tensor, weight: Tensor, labels: Tensor, weights: Tensor, q: float, *how: Any
) -> tuple[Tensor, Tensor]:
    """Likelihood by Liger, for weights that are all the same or 0."""
    from liger_kernel.transformers.functional import liger_fused_linear_cross_entropy

    labels = labels.masked_fill(weights == 0, -100)
    loss = liger_fused_linear_cross_entropy(hidden.bfloat16(), weight.bfloat16(), labels, reduction="sum")
    return loss * weights.max(), torch.zeros_like(weights)


LAYERS = mock.patch.object(fused_layers, "arguments", return_value={})
COPIES = mock.patch.object(trainer, "Bf16Weights", return_value=None)
TWO_PASSES = mock.patch.object(head, "linear_signed_loss", two_passes)
PACKING = mock.patch.object(packing, "pays_off", return_value=False)
LIGERS_LOSS = mock.patch.object(head, "linear_signed_loss", by_liger)


class Row:
    """A row of the table: who trains, with which parts replaced."""

    def __init__(
        self, train: Callable[..., None], *replaced: Any, tokens: int = 1, needs: tuple[str, ...] = ()
    ) -> None:
        """`tokens`: factor of the tokens of a micro-batch. `needs`: packages."""
        self.contender, self.replaced = Contender(train, drawn), replaced
        self.tokens, self.needs = tokens, needs

    @contextmanager
    def parts(self) -> Iterator[None]:
        with ExitStack() as after:
            for part in self.replaced:
                after.enter_context(part)
            yield


ROWS = {
    "ours": Row(ours()),
    "trl, packed": Row(trl(True), needs=("trl",)),
    "ours, without Liger's layers": Row(ours(), LAYERS, needs=("liger_kernel",)),
    "ours, without bf16 copies": Row(ours(), COPIES),
    "ours, loss in two passes": Row(ours(), TWO_PASSES),
    "ours, Liger's loss": Row(ours(), LIGERS_LOSS, needs=("liger_kernel",)),
    "ours, as before": Row(ours(), LAYERS, COPIES, TWO_PASSES),
    "ours, twice the micro-batch": Row(ours(), tokens=2),
    "ours, padded": Row(ours(), PACKING),
    "trl, packed, Liger": Row(trl(True, liger=True), needs=("trl", "liger_kernel")),
    "ours, compiled": Row(ours(compile=True)),
}


def turn(name: str, job: Job, size: str) -> dict[str, Any]:
    """The figures of a row, in this process."""
    row = ROWS[name]
    with row.parts():
        taken = take_turn(row.contender, job)
    figures = row_of(name, [taken], count_parameters(job.start), SHAPES[size])
    peak = next((peak for card, peak in PEAKS.items() if card in _card()), None)
    share = round(figures["model_tflops_per_second"] / peak, 3) if peak else None
    return {"size": size, **figures, "share_of_peak": share}


def _card() -> str:
    return torch.cuda.get_device_name() if torch.cuda.is_available() else ""


class Table:
    """What was measured so far: printed and saved at once, since the machine may be taken away."""

    def __init__(self, output: Path, minutes: float, settings: dict[str, Any]) -> None:
        self._end = time.monotonic() + 60 * minutes
        self._output, self._result = output, {"machine": describe(), "settings": settings, "rows": []}

    def run(self, name: str, command: list[str], limit: float) -> None:
        """Runs a command, whose last line is JSON, for at most `limit` seconds and until the end."""
        left = min(limit, self._end - time.monotonic())
        began = time.monotonic()
        try:
            if left <= 0:
                raise TimeoutError
            ended = subprocess.run(command, capture_output=True, text=True, timeout=left, check=False)
            lines = (ended.stdout if ended.returncode == 0 else ended.stderr).strip().split("\n")
            found = {"failed": lines[-1]} if ended.returncode else json.loads(lines[-1])
        except TimeoutError:
            found = {"failed": "no time was left"}
        except subprocess.TimeoutExpired:
            found = {"failed": f"it took more than {left:.3g} s"}
        found = {"row": name, "took": round(time.monotonic() - began), **found}
        self._result["rows"].append(found)
        print(found, flush=True)
        self._output.write_text(json.dumps(self._result, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", nargs="+", choices=SHAPES, default=["3b", "8b"])
    parser.add_argument("--only", nargs="+", choices=ROWS, default=list(ROWS))
    parser.add_argument("--minutes", type=float, default=9.5, help="when to stop")
    parser.add_argument("--limit", type=float, default=150, help="seconds of a row")
    parser.add_argument("--steps", type=int, default=3, help="of a row; the first is left out")
    parser.add_argument("--samples", type=int, default=64, help="translations in a step")
    parser.add_argument("--micro-batch-tokens", type=int, default=2048)
    parser.add_argument("--output", type=Path, default=HERE / "results" / "gpu.json")
    parser.add_argument("--turn", nargs=3, help=argparse.SUPPRESS)  # row, size, folder of the model
    options = parser.parse_args()
    settings = {
        "steps": options.steps,
        "samples": options.samples,
        "micro_batch_tokens": options.micro_batch_tokens,
    }
    if options.turn:
        name, size, start = options.turn
        tokens = options.micro_batch_tokens * ROWS[name].tokens
        optimiser = "adamw-8bit" if size == "8b" else "adamw"
        job = Job(Path(start), options.steps, options.samples, tokens, sentences=2, optimiser=optimiser)
        print(json.dumps(turn(name, job, size)))
        return
    table = Table(options.output, options.minutes, settings)
    small = options.sizes[0] == "tiny"
    shape = ("64", "32", "1000") if small else ("8192", "4096", "32000", "128000")
    alone = ["--tokens", shape[0], "--features", shape[1], "--vocabularies", *shape[2:], "--held", "bf16"]
    table.run(
        "the loss alone", [sys.executable, str(HERE / "loss_memory.py"), *alone, "--json"], options.limit
    )
    ways = [f"--{key.replace('_', '-')}={value}" for key, value in settings.items()]
    with tempfile.TemporaryDirectory() as folder:
        for number, size in enumerate(options.sizes):
            start = Path(folder) / size
            make_model(start, size)
            make_model(start / "tiny", "tiny")
            names = [name for name in options.only if number == 0 or name in SHORT]
            for name in names:
                missing = [package for package in ROWS[name].needs if not find_spec(package)]
                command = [sys.executable, __file__, *ways, "--turn", name, size, str(start)]
                if missing:
                    command = [sys.executable, "-c", f"raise SystemExit('{missing[0]} is not installed')"]
                table.run(f"{size}: {name}", command, options.limit)
            if number == 0:
                profile = [sys.executable, str(HERE / "gpu_profile.py"), *ways, "--start", str(start)]
                table.run(f"{size}: profile", profile, options.limit)


if __name__ == "__main__":
    main()
