"""Ways to tune: which weights learn, how the others are held, and how the model becomes a plain one again."""

import os
from importlib.util import find_spec
from shutil import which
from typing import Any

import torch
from torch import Tensor

from ontarget.errors import UserError
from ontarget.hardware import has_gpu, prefers_bf16
from ontarget.settings.tuning import Tuning


def in_bf16(tuning: Tuning) -> bool:
    """Whether matrix products are in bf16: as the recipe says, or where that is faster here."""
    return prefers_bf16() if tuning.precision == "auto" else tuning.precision == "bf16"


def require(tuning: Tuning, where: str) -> None:
    """Looks for what a way to tune needs, before time is spent.

    Args:
        where: the block's path in the recipe, such as `stages.mt.tuning`.
    Raises:
        UserError: a package is missing, a GPU or a compiler; says which key asks for it and what to do.
    """
    # On a CPU, bitsandbytes repacks weights for inference when a model is asked anything, for good: what
    # flows back through them after that is not their gradient.
    if tuning.quantisation and not has_gpu():
        raise UserError(f"{where}.quantisation needs a GPU: leave it out here, `lora` alone works anywhere")
    if tuning.compile and not has_gpu() and which(compiler := os.environ.get("CXX", "g++")) is None:
        raise UserError(
            f"{where}.compile needs a C++ compiler, and there is no {compiler} here: leave it out"
        )
    needed: list[tuple[str, str, str]] = [
        (f"tracking: {name}", name, "tracking") for name in tuning.tracking or ()
    ]
    if tuning.quantisation:
        needed.append((f"quantisation: {tuning.quantisation}", "bitsandbytes", "qlora"))
    if tuning.optimiser == "adamw-8bit":
        needed.append((f"optimiser: {tuning.optimiser}", "bitsandbytes", "qlora"))
    if tuning.lora:
        needed.append(("lora", "peft", "train"))
    for key, package, extra in needed:
        if find_spec(package) is None:
            raise UserError(f"{where}.{key} needs {package}: pip install 'ontarget[{extra}]'")


def loading(tuning: Tuning) -> dict[str, Any]:
    """What `from_pretrained` is told: weights that learn are held in fp32, so that no small step is lost.

    Under LoRA the model's own weights do not learn. They are held as the forward pass reads them: in bf16, or
    in 4 bits (NF4, twice quantised: Dettmers et al. 2023, arXiv 2305.14314).
    """
    held = torch.bfloat16 if tuning.lora and in_bf16(tuning) else torch.float32
    options: dict[str, Any] = {"dtype": held}
    if tuning.quantisation:
        from transformers import BitsAndBytesConfig

        options["quantization_config"] = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=held,
        )
    return options


def prepared(model: Any, tuning: Tuning) -> Any:
    """The model as it is tuned: with frozen embeddings, activations computed twice, adapters, or as it is.

    Raises:
        UserError: it has no such layers as `lora.targets` names, or has not learnt positions enough.
    """
    require_positions(model, tuning)
    if tuning.freeze_embeddings:
        for layer in (model.get_input_embeddings(), model.get_output_embeddings()):
            layer.requires_grad_(False)
    if tuning.gradient_checkpointing:
        model.gradient_checkpointing_enable({"use_reentrant": False})
    return model if tuning.lora is None else _with_adapters(model, tuning)


def merged(model: Any, learnt: dict[str, Tensor], start: Any) -> Any:
    """What adapters have learnt, added to the model that they started from: a plain model again.

    Args:
        model: the one with adapters, as `prepared` has made it; processes may hold it in parts.
        learnt: its parameters that learn, whole, by name.
        start: what it was made of, in fp32, whatever form its weights had while the adapters learnt.
    """
    from peft import get_peft_model

    whole = get_peft_model(start, model.peft_config[model.active_adapter])
    unknown = whole.load_state_dict(learnt, strict=False).unexpected_keys
    if unknown:
        raise ValueError(f"the model has learnt {unknown[0]}, which one with the same adapters does not have")
    return whole.merge_and_unload()


def require_whole(tuning: Tuning, processes: int, judged: bool) -> None:
    """Weights of 4 bits and moments of 8 are not split; models are judged where a process holds the whole.

    Raises:
        UserError: processes hold it in parts.
    """
    whole = (
        ("tuning.quantisation", tuning.quantisation),
        ("tuning.optimiser=adamw-8bit", tuning.optimiser == "adamw-8bit"),
        ("evaluation", judged),
    )
    for what, wanted in whole:
        if wanted and processes > 1 and tuning.parallel != "ddp":
            raise UserError(
                f"{what} needs the whole model in each process, and tuning.parallel={tuning.parallel} splits "
                "it: use ddp, or leave one of them out"
            )


def arguments(tuning: Tuning) -> dict[str, Any]:
    """What `TrainingArguments` are told."""
    return {
        "bf16": in_bf16(tuning),
        "optim": "adamw_bnb_8bit" if tuning.optimiser == "adamw-8bit" else "adamw_torch_fused",
        "torch_compile": tuning.compile,
    }


def _with_adapters(model: Any, tuning: Tuning) -> Any:
    from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training
    from peft.tuners.tuners_utils import BaseTunerLayer

    assert tuning.lora is not None
    if tuning.quantisation:
        model = prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)
    names = tuning.lora.targets
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
    ):  # the head would learn nothing, and get what they have learnt when both become plain again
        raise UserError(
            "tuning.lora.targets names the embeddings, which this model's head shares: leave them out"
        )
    return adapted


def _no_such(model: Any, targets: Any, what: str) -> str:
    """What to say of `lora.targets`, with what could stand there."""
    head = model.get_output_embeddings()
    linear = {
        name.rpartition(".")[2]
        for name, layer in model.named_modules()
        if isinstance(layer, torch.nn.Linear) and layer is not head
    }
    return f"tuning.lora.targets: {targets}, but the model {what}; it has {', '.join(sorted(linear))}"


def require_positions(model: Any, tuning: Tuning, where: str = "tuning") -> None:
    """Positions that are learnt, one by one, end somewhere; others do not.

    Args:
        model: with its weights, or on PyTorch's device `meta`.
        tuning: how it is to be tuned.
        where: the block's path in the recipe, such as `stages.mt.tuning`.
    Raises:
        UserError: samples may be longer than that.
    """
    window = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    words = model.get_input_embeddings()
    if window is None:
        return
    tables = [layer for layer in model.modules() if isinstance(layer, torch.nn.Embedding)]
    learnt = any(  # OPT's table has two rows more, which stand for no position
        layer is not words and window <= layer.num_embeddings <= window + 2 for layer in tables
    )
    if learnt and tuning.max_length > window:
        raise UserError(
            f"{where}.max_length is {tuning.max_length}, but the model has learnt {window} positions alone: "
            f"set it to {window} or less"
        )
