"""Merges a PEFT adapter (LoRA or another) into its base, which gives a plain model of Transformers."""

from typing import Any

import torch
from peft import PeftConfig, get_peft_model
from peft.tuners.tuners_utils import BaseTunerLayer
from peft.utils import load_peft_weights

from ontarget.checkpoints.adapter import Adapter
from ontarget.errors import UserError

_TWICE = (".modules_to_save.", ".original_module.")  # PEFT saves some layers under several names
_PREFIX = "base_model.model."  # of parameter names in PEFT's files


def merged(base: Any, adapter: Adapter) -> Any:
    """The base with the adapter's weights added, ready to be tuned further.

    Args:
        base: the adapter's base. On the device `meta`, only its compatibility with the adapter is checked.
        adapter: the adapter.
    Raises:
        UserError: the two are not compatible, or an adapter of this kind cannot be merged.
    """
    folder = str(adapter.folder)
    config = PeftConfig.from_pretrained(folder)
    kind = getattr(config.peft_type, "value", config.peft_type)
    if config.is_prompt_learning:
        raise UserError(
            f"'{folder}' is an adapter of the type {kind}, which cannot be merged into its base: use one of "
            "the type LORA, or a whole model"
        )
    if any(hasattr(weight, "ds_id") for weight in base.parameters()):
        raise UserError(
            f"under ZeRO-3 a stage cannot start from an adapter, as '{folder}' is: use tuning.parallel=fsdp, "
            "or merge it into its base first"
        )
    only_checks = base.device.type == "meta"
    _make_room(base, load_peft_weights(folder, device="cpu"))
    config.inference_mode, config.base_model_name_or_path = True, base.name_or_path  # PEFT compares them
    model = get_peft_model(base, config)
    found = model.load_adapter(folder, "default", torch_device="cpu", low_cpu_mem_usage=only_checks)
    strange = [name for name in found.unexpected_keys if not any(part in name for part in _TWICE)]
    if wrong := sorted(found.missing_keys) or sorted(strange):
        what = "lacks" if found.missing_keys else "does not belong to its base: it has"
        raise UserError(
            f"the adapter '{folder}' {what} {wrong[0].removeprefix(_PREFIX)} (one of {len(wrong)} tensors): "
            f"its weights must belong to its adapter_config.json and to its base '{adapter.base}'"
        )
    if only_checks:
        return model.unload()
    _untie(base)
    whole = model.merge_and_unload()
    for weight in whole.parameters():  # PEFT has frozen them
        weight.requires_grad_(weight.is_floating_point())
    return whole


def _untie(base: Any) -> None:
    """Separates tied input and output embeddings if the adapter changes one of them.

    Otherwise the change of one would be merged into both.
    """
    sides = [base.get_input_embeddings(), base.get_output_embeddings()]
    if not any(isinstance(side, BaseTunerLayer) for side in sides):
        return
    inner, head = (side.get_base_layer() if isinstance(side, BaseTunerLayer) else side for side in sides)
    if head.weight is inner.weight:
        head.weight = torch.nn.Parameter(head.weight.detach().clone(), requires_grad=False)
        for config in (base.config, base.config.get_text_config()):
            config.tie_word_embeddings = False


def _make_room(base: Any, weights: dict[str, Any]) -> None:
    """Resizes the embeddings of the base to those of the adapter, which may have added tokens."""
    embeddings = base.get_input_embeddings()
    name = next(name for name, module in base.named_modules() if module is embeddings)
    brought = weights.get(f"{_PREFIX}{name}.weight")
    if brought is not None and len(brought) != embeddings.num_embeddings:
        base.resize_token_embeddings(len(brought), mean_resizing=False)
