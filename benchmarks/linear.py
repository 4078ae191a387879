"""Linear layers in fp32 on a CPU: weights stored as they are, and transposed, as decoding stores them.

    OMP_NUM_THREADS=1 python benchmarks/linear.py [--size 135m] [--rounds 12]

The shapes are the joined products of a layer and the output layer. Each line has the processor time of a
product with a transposed weight relative to one with the weight as it is: by the smallest times and by the
medians of rounds in which both take turns, with several matrices of each kind, so that none stays in a cache.
"""

import argparse
import time
from collections.abc import Sequence
from statistics import median

import torch
from steps import SHAPES
from torch import Tensor
from torch.nn.functional import linear

_BYTES = 2**26  # of all matrices of a kind together, more than caches hold


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", choices=SHAPES, default="135m")
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--rows", type=int, nargs="+", default=[1, 4, 16, 64, 256])
    options = parser.parse_args()
    shape = SHAPES[options.size]
    hidden, heads = shape["hidden"], shape["heads"]
    together = heads + 2 * shape.get("keys", heads)
    products = {
        "queries, keys, values": (together * hidden // heads, hidden),
        "output of attention": (hidden, hidden),
        "gate and up": (2 * shape["intermediate"], hidden),
        "down": (hidden, shape["intermediate"]),
        "output layer": (shape["vocabulary"], hidden),
    }
    for name, (outputs, inputs) in products.items():
        plain = [torch.randn(outputs, inputs) for _ in range(1 + _BYTES // (4 * outputs * inputs))]
        transposed = [weight.T.contiguous().T for weight in plain]
        for rows in options.rows:
            values = torch.randn(rows, inputs)
            times = [(seconds(values, transposed), seconds(values, plain)) for _ in range(options.rounds)]
            ours, theirs = zip(*times, strict=True)
            ratios = f"{min(ours) / min(theirs):.2f} {median(ours) / median(theirs):.2f}"
            print(f"{name:22} {rows:4} rows  {ratios}", flush=True)


@torch.inference_mode()
def seconds(values: Tensor, weights: Sequence[Tensor]) -> float:
    """Processor time of one product with each of the weights."""
    start = time.process_time()
    for weight in weights:
        linear(values, weight)
    return time.process_time() - start


if __name__ == "__main__":
    main()
