"""Linear layers on a CPU, with weights in the order in which the processor multiplies them.

In bf16, oneDNN reorders a weight matrix before each product. For the few rows of a decoding step this takes
as long as the product. Here each matrix is reordered once, by the operations that `torch.compile` uses for
frozen models. In fp32, MKL takes 0.6 to 1.07 of the time for 1 to 64 rows if a matrix is stored transposed.

On AMD's processors this holds for one row alone. More rows, such as a beam, take 0.4 to 1 of the time with
the weight as it is, if it is the first factor of the product (benchmarks/linear.py).
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import linear
from transformers import PreTrainedModel

from ontarget.hardware import machine_name, multiplies_bf16

_ROWS = 64  # for which the order is chosen; any number of rows can be multiplied
_TWICE_BYTES = 2**30  # of a model whose matrices may be in memory twice


class PackedLinear(nn.Module):
    """As `nn.Linear`, for inference: [..., in_features] to [..., out_features]."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.bias = linear.bias
        self._weight = torch.ops.mkldnn._reorder_linear_weight(linear.weight.detach(), _ROWS)

    def forward(self, inputs: Tensor) -> Tensor:
        """The products, with the bias added."""
        product: Tensor = torch.ops.mkldnn._linear_pointwise(inputs, self._weight, self.bias, "none", [], "")
        return product


class SwappedLinear(nn.Module):
    """As `nn.Linear`, for inference in fp32 by the MKL on AMD's processors.

    Args:
        layer: the layer.
        twice: whether a transposed copy of the weight is kept for single rows.
    """

    def __init__(self, layer: nn.Linear, *, twice: bool) -> None:
        super().__init__()
        self.weight, self.bias = layer.weight, layer.bias
        outputs, inputs = layer.weight.shape
        copied = twice and outputs >= inputs  # otherwise single rows are as fast without
        self._for_one_row = layer.weight.detach().T.contiguous().T if copied else layer.weight.detach()

    def forward(self, inputs: Tensor) -> Tensor:
        """The products, with the bias added."""
        rows = inputs.flatten(0, -2)
        if len(rows) == 1:
            return linear(inputs, self._for_one_row, self.bias)
        product = (self.weight @ rows.T).T.contiguous().view(*inputs.shape[:-1], -1)
        return product if self.bias is None else product.add_(self.bias)


def pack_linear_layers(model: PreTrainedModel) -> None:
    """Packs the linear layers of a model that decodes on a CPU: in bf16 if it has instructions for bf16.

    In bf16, the output layer stays as it is, since it often shares its weight with the input embeddings.
    """
    if model.device.type != "cpu":
        return
    in_bf16, in_fp32 = multiplies_bf16(), torch.backends.mkl.is_available()  # type: ignore[no-untyped-call]
    head, amd = model.get_output_embeddings(), "AMD" in machine_name()
    twice = sum(weight.nbytes for weight in model.parameters()) <= _TWICE_BYTES
    for parent in list(model.modules()):
        for name, child in parent.named_children():
            if type(child) is not nn.Linear:
                continue
            if in_bf16 and child.weight.dtype == torch.bfloat16 and child is not head:
                setattr(parent, name, PackedLinear(child))
            elif in_fp32 and child.weight.dtype == torch.float32 and amd:
                setattr(parent, name, SwappedLinear(child, twice=twice))
            elif in_fp32 and child.weight.dtype == torch.float32:
                child.weight.data = child.weight.data.T.contiguous().T
