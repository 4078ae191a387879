"""Prepares a model for tuning (precision, LoRA, quantization), and merges its adapters afterwards."""

from typing import Any

import torch
from torch import Tensor

from ontarget.errors import UserError
from ontarget.hardware import prefers_bf16
from ontarget.settings.tuning import Tuning
from ontarget.training.requirements import require_positions


def in_bf16(tuning: Tuning) -> bool:
    """Whether matrix products are in bf16: by the recipe, or if this machine is faster with it."""
    return prefers_bf16() if tuning.precision == "auto" else tuning.precision == "bf16"


def loading(tuning: Tuning) -> dict[str, Any]:
    """Arguments of `from_pretrained` for the form of the weights.

    Trainable weights are in fp32, so that small updates are not lost. Under LoRA the model's own weights are
    frozen, and have the form that the forward pass reads: bf16, or 4 bits (NF4 with double quantization:
    Dettmers et al. 2023, arXiv 2305.14314).
    """
    held = torch.bfloat16 if tuning.lora and in_bf16(tuning) else torch.float32
    options: dict[str, Any] = {"dtype": held}
    if tuning.quantization:
        from transformers import BitsAndBytesConfig

        options["quantization_config"] = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=held,
        )
    return options


def prepared(model: Any, tuning: Tuning) -> Any:
    """Prepares a model: freezes embeddings, turns on gradient checkpointing, adds LoRA, as the settings say.

    Raises:
        UserError: the model lacks layers that `lora` names, or has too few positions.
    """
    require_positions(model, tuning)
    if tuning.freeze_embeddings:
        for layer in (model.get_input_embeddings(), model.get_output_embeddings()):
            layer.requires_grad_(False)
    if tuning.gradient_checkpointing:
        model.gradient_checkpointing_enable({"use_reentrant": False})
    return model if tuning.lora is None else _with_adapters(model, tuning)


def merged(model: Any, learnt: dict[str, Tensor], start: Any) -> Any:
    """Merges trained adapters into the model that they started from, which gives a plain model.

    Args:
        model: the model with adapters, from `prepared`; processes may hold it in parts.
        learnt: its trainable parameters, whole, by name.
        start: the model before training, in fp32, whatever form its weights had during training.
    """
    from peft import get_peft_model

    whole = get_peft_model(start, model.peft_config[model.active_adapter])
    unknown = whole.load_state_dict(learnt, strict=False).unexpected_keys
    if unknown:
        raise ValueError(f"the tuned model has {unknown[0]}, which a model with the same adapters lacks")
    return whole.merge_and_unload()


def arguments(tuning: Tuning) -> dict[str, Any]:
    """Arguments of `TrainingArguments` for precision, optimizer and compilation."""
    return {
        "bf16": in_bf16(tuning),
        "optim": tuning.optim,
        "torch_compile": tuning.compile,
    }


def _with_adapters(model: Any, tuning: Tuning) -> Any:
    from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training
    from peft.tuners.tuners_utils import BaseTunerLayer

    assert tuning.lora is not None
    if tuning.quantization:
        model = prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)
    names = tuning.lora.target_modules
    targets = names if isinstance(names, str) else list(names)
    config = LoraConfig(
        task_type="CAUSAL_LM",
        r=tuning.lora.rank,
        lora_alpha=tuning.lora.alpha,
        lora_dropout=tuning.lora.dropout,
        target_modules=targets,
    )
    layers = {name: layer for name, layer in model.named_modules() if name}
    for target in [] if isinstance(names, str) else names:
        if not any(name == target or name.endswith(f".{target}") for name in layers):
            raise UserError(_no_such(model, target, "has no such layer"))
    try:
        adapted = get_peft_model(model, config)
    except ValueError as error:
        raise UserError(_no_such(model, names, "has none of them that could be adapted")) from error
    if model.config.get_text_config().tie_word_embeddings and isinstance(
        model.get_input_embeddings(), BaseTunerLayer
    ):  # the head would not be adapted, but merging would change it
        raise UserError(
            "tuning.lora.target_modules names the embeddings, which this model's head shares: leave them out"
        )
    return adapted


def _no_such(model: Any, targets: Any, what: str) -> str:
    """The message about unknown layers in `lora`, with the names of linear layers of the model."""
    head = model.get_output_embeddings()
    linear = {
        name.rpartition(".")[2]
        for name, layer in model.named_modules()
        if isinstance(layer, torch.nn.Linear) and layer is not head
    }
    return f"tuning.lora.target_modules: {targets}, but the model {what}; it has {', '.join(sorted(linear))}"
