"""Linear layers of bf16 models on a CPU, with weights in the order in which the processor multiplies them.

oneDNN reorders a weight matrix before each product. For the few rows of a decoding step this takes as long
as the product. Here each matrix is reordered once, by the operations that `torch.compile` uses for frozen
models.
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
    """Packs the linear layers of a model that decodes in bf16 on a CPU which has instructions for bf16.

    Input embeddings and output layer stay as they are: they often share their weight.
    """
    if model.device.type != "cpu" or not _supported():
        return
    head = model.get_output_embeddings()
    for parent in list(model.modules()):
        for name, child in parent.named_children():
            if type(child) is nn.Linear and child is not head and child.weight.dtype == torch.bfloat16:
                setattr(parent, name, PackedLinear(child))


def _supported() -> bool:
    if not torch._C._has_mkldnn:
        return False
    in_bf16: bool = torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return in_bf16
