"""An adapter of PEFT (LoRA and its like) merged into its base: a plain model of transformers again."""

from typing import Any

import torch
from peft import PeftConfig, get_peft_model
from peft.tuners.tuners_utils import BaseTunerLayer
from peft.utils import load_peft_weights

from ontarget.checkpoints.adapter import Adapter
from ontarget.errors import UserError

_TWICE = (".modules_to_save.", ".original_module.")  # PEFT saves some layers under several names
_PREFIX = "base_model.model."  # of a parameter's name where PEFT saves it


def merged(base: Any, adapter: Adapter) -> Any:
    """The base with what the adapter has learnt, ready to be tuned further.

    Args:
        base: the model that the adapter belongs to. On the device `meta` it is only looked whether both fit.
    Raises:
        UserError: they do not fit, or an adapter of this kind cannot be merged.
    """
    folder = str(adapter.folder)
    config = PeftConfig.from_pretrained(folder)
    kind = getattr(config.peft_type, "value", config.peft_type)
    if config.is_prompt_learning:
        raise UserError(
            f"'{folder}' is an adapter of the type {kind}, which cannot be merged into its base: take one of "
            "the type LORA, or a whole model"
        )
    if any(hasattr(weight, "ds_id") for weight in base.parameters()):
        raise UserError(
            f"under ZeRO-3 a stage cannot start from an adapter, as '{folder}' is: use tuning.parallel=fsdp, "
            "or merge it into its base first"
        )
    only_looks = base.device.type == "meta"
    _make_room(base, load_peft_weights(folder, device="cpu"))
    config.inference_mode, config.base_model_name_or_path = True, base.name_or_path  # PEFT compares them
    model = get_peft_model(base, config)
    found = model.load_adapter(folder, "default", torch_device="cpu", low_cpu_mem_usage=only_looks)
    strange = [name for name in found.unexpected_keys if not any(part in name for part in _TWICE)]
    if wrong := sorted(found.missing_keys) or sorted(strange):
        what = "lacks" if found.missing_keys else "does not belong to its base: it has"
        raise UserError(
            f"the adapter '{folder}' {what} {wrong[0].removeprefix(_PREFIX)} (one of {len(wrong)} tensors): "
            f"its weights must belong to its adapter_config.json and to its base '{adapter.base}'"
        )
    if only_looks:
        return model.unload()
    _untie(base)
    whole = model.merge_and_unload()
    for weight in whole.parameters():  # PEFT has frozen them
        weight.requires_grad_(weight.is_floating_point())
    return whole


def _untie(base: Any) -> None:
    """Gives the head weights of its own where input and output share theirs and the adapter changes one side.

    What is learnt on one side would be merged into both.
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
    """Gives the base as many embeddings as the adapter brings: tokens may have been added for it."""
    embeddings = base.get_input_embeddings()
    name = next(name for name, module in base.named_modules() if module is embeddings)
    brought = weights.get(f"{_PREFIX}{name}.weight")
    if brought is not None and len(brought) != embeddings.num_embeddings:
        base.resize_token_embeddings(len(brought), mean_resizing=False)
