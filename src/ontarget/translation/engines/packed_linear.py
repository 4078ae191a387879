"""Linear layers on a CPU, with weights in the order in which the processor multiplies them.

In bf16, oneDNN reorders a weight matrix before each product. For the few rows of a decoding step this takes
as long as the product. Here each matrix is reordered once, by the operations that `torch.compile` uses for
frozen models. In fp32, MKL takes 0.6 to 1.07 of the time for 1 to 64 rows if a matrix is stored transposed.

On AMD's processors, MKL is slow with several rows. There fp32 matrices are reordered for oneDNN, too
(benchmarks/linear.py compares them). A single row is faster with MKL.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import linear
from transformers import PreTrainedModel

from ontarget.hardware import machine_name, multiplies_bf16

_ROWS = 64  # for which the order is chosen; any number of rows can be multiplied
_TWICE_BYTES = 2**30  # of a model whose matrices may be in memory twice


class PackedLinear(nn.Module):
    """As `nn.Linear`, for inference: [..., in_features] to [..., out_features].

    Args:
        layer: the layer.
        rows: for which the order is chosen.
        for_one_row: the weight by which MKL multiplies single rows; None: by oneDNN, too.
    """

    def __init__(self, layer: nn.Linear, *, rows: int = _ROWS, for_one_row: Tensor | None = None) -> None:
        super().__init__()
        self.out_features, self.bias = layer.out_features, layer.bias
        self._weight = torch.ops.mkldnn._reorder_linear_weight(layer.weight.detach(), rows)
        self._for_one_row = for_one_row

    def forward(self, inputs: Tensor) -> Tensor:
        """The products, with the bias added."""
        if self._for_one_row is not None and inputs.numel() == inputs.shape[-1]:
            return linear(inputs, self._for_one_row, self.bias)
        product: Tensor = torch.ops.mkldnn._linear_pointwise(inputs, self._weight, self.bias, "none", [], "")
        return product


def pack_linear_layers(model: PreTrainedModel) -> None:
    """Packs the linear layers of a model that decodes on a CPU: in bf16 if it has instructions for bf16.

    In bf16, the output layer stays as it is, since it often shares its weight with the input embeddings.
    """
    if model.device.type != "cpu":
        return
    in_bf16, in_fp32 = multiplies_bf16(), torch.backends.mkl.is_available()  # type: ignore[no-untyped-call]
    head, amd = model.get_output_embeddings(), _is_amd()
    twice = are_twice_in_memory(sum(weight.nbytes for weight in model.parameters()))
    for parent in list(model.modules()):
        for name, child in parent.named_children():
            if type(child) is not nn.Linear:
                continue
            if in_bf16 and child.weight.dtype == torch.bfloat16 and child is not head:
                setattr(parent, name, PackedLinear(child))
            elif in_fp32 and child.weight.dtype == torch.float32 and amd:
                setattr(parent, name, _packed_in_fp32(child, twice=twice))
            elif in_fp32 and child.weight.dtype == torch.float32:
                child.weight.data = child.weight.data.T.contiguous().T


def are_twice_in_memory(weights: int) -> bool:
    """Whether most of the weights of a model that decodes in fp32 on this CPU are in memory twice.

    Args:
        weights: their bytes.
    """
    return _is_amd() and weights <= _TWICE_BYTES


def _is_amd() -> bool:
    return "AMD" in machine_name()


def _packed_in_fp32(layer: nn.Linear, *, twice: bool) -> nn.Module:
    """The layer for AMD's processors.

    Args:
        layer: the layer.
        twice: whether its weight may be in memory twice: in an order for several rows, and for single rows.
    """
    if not twice:
        return PackedLinear(layer, rows=1)
    if layer.out_features < layer.in_features:  # then small matrices are about as fast as they are
        return layer
    return PackedLinear(layer, for_one_row=layer.weight.detach().T.contiguous().T)
