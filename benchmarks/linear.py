"""Linear layers in fp32 on a CPU: by the MKL with the weight transposed, and by oneDNN with it reordered.

    OMP_NUM_THREADS=1 python benchmarks/linear.py [--size 135m] [--rounds 12]

The shapes are the joined products of a layer and the output layer. Each line has the processor time relative
to that of `linear` with the weight as it is: by the smallest times and by the medians of rounds in which all
take turns, with several matrices of each kind, so that none stays in a cache. Decoding uses both ways, by the
processor and the number of rows (packed_linear.py).
"""

import argparse
from collections.abc import Callable, Sequence
from functools import partial
from statistics import median

import torch
from steps import SHAPES
from tested import in_turns
from torch import Tensor, nn
from torch.nn.functional import linear

from ontarget.translation.engines.packed_linear import PackedLinear

_BYTES = 2**26  # of all matrices of a kind together, more than caches hold


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", choices=SHAPES, default="135m")
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--rows", type=int, nargs="+", default=[1, 4, 15, 16, 64, 256])
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
        packed = [PackedLinear(layer_of(weight)) for weight in plain]
        for rows in options.rows:
            values = torch.randn(rows, inputs)
            work = {
                "as it is": partial(multiply, linear, values, plain),
                "transposed": partial(multiply, linear, values, transposed),
                "reordered": partial(apply, packed, values),
            }
            taken = in_turns(work, options.rounds)
            usual = taken.pop("as it is")
            ratios = (
                f"{way} {min(ours) / min(usual):.2f} {median(ours) / median(usual):.2f}"
                for way, ours in taken.items()
            )
            print(f"{name:22} {rows:4} rows  {'   '.join(ratios)}", flush=True)


@torch.inference_mode()
def multiply(way: Callable[[Tensor, Tensor], Tensor], values: Tensor, weights: Sequence[Tensor]) -> None:
    """One product with each of the weights."""
    for weight in weights:
        way(values, weight)


@torch.inference_mode()
def apply(layers: Sequence[nn.Module], values: Tensor) -> None:
    """The same with layers."""
    for layer in layers:
        layer(values)


def layer_of(weight: Tensor) -> nn.Linear:
    """A linear layer with a weight, and no bias."""
    with torch.device("meta"):
        layer = nn.Linear(weight.shape[1], weight.shape[0], bias=False)
    layer.weight = nn.Parameter(weight, requires_grad=False)
    return layer


if __name__ == "__main__":
    main()
