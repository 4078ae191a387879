"""Linear layers on a CPU, with weights in the order in which the processor multiplies them.

In bf16, oneDNN reorders a weight matrix before each product. For the few rows of a decoding step this takes
as long as the product. Here each matrix is reordered once, by the operations that `torch.compile` uses for
frozen models. In fp32, MKL takes 0.6 to 1.07 of the time for 1 to 64 rows if a matrix is stored transposed
(benchmarks/linear.py).
"""

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

_ROWS = 64  # for which the order is chosen; any number of rows can be multiplied


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


def pack_linear_layers(model: PreTrainedModel) -> None:
    """Packs the linear layers of a model that decodes on a CPU: in bf16 if it has instructions for bf16.

    In bf16, the output layer stays as it is, since it often shares its weight with the input embeddings.
    """
    if model.device.type != "cpu":
        return
    in_bf16, in_fp32 = _supported(), torch.backends.mkl.is_available()  # type: ignore[no-untyped-call]
    head = model.get_output_embeddings()
    for parent in list(model.modules()):
        for name, child in parent.named_children():
            if type(child) is not nn.Linear:
                continue
            if in_bf16 and child.weight.dtype == torch.bfloat16 and child is not head:
                setattr(parent, name, PackedLinear(child))
            elif in_fp32 and child.weight.dtype == torch.float32:
                child.weight.data = child.weight.data.T.contiguous().T


def _supported() -> bool:
    if not torch._C._has_mkldnn:
        return False
    in_bf16: bool = torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return in_bf16
