"""Norms, gated feed-forward layers and rotary positions in a kernel each, by Liger (arXiv 2410.10989).

PyTorch computes each of them in several passes over memory, Liger in one. It knows the models of Transformers
by their type, and `Trainer` applies it. Other models stay as they are. Its loss is not used: ours has both
signs, see `loss/linear_loss.py`.
"""

from importlib.util import find_spec
from typing import Any

from ontarget.hardware import has_gpu
from ontarget.settings.tuning import Tuning

# The output layer and its loss are ours.
_LAYERS_ONLY = {"cross_entropy": False, "fused_linear_cross_entropy": False}


def arguments(tuning: Tuning) -> dict[str, Any]:
    """Arguments of `TrainingArguments`: Liger's layers on a GPU, if the extra `gpu` is installed.

    `torch.compile` fuses these layers itself.
    """
    usable = has_gpu() and find_spec("liger_kernel") is not None and not tuning.compile
    return {"use_liger_kernel": True, "liger_kernel_config": _LAYERS_ONLY} if usable else {}
