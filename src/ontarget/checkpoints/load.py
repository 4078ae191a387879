"""Loads models and tokenizers, from a directory or by name from the Hub. No other module loads them.

A damaged file is an error in one sentence that names it. A missing tensor is an error, too, although
Transformers would replace it by a random one. An adapter is merged into its base.
"""

import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from transformers import CONFIG_MAPPING, AutoConfig, AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging as transformers_logging

from ontarget.checkpoints import hub
from ontarget.checkpoints.adapter import Adapter, adapter_in, lineage, without_base
from ontarget.checkpoints.architecture import check_architecture
from ontarget.checkpoints.files import (
    ADAPTER_CONFIG,
    CONFIG,
    check_adapter_files,
    check_model_files,
    check_tokenizer_files,
    file_of,
    has_tokenizer,
    read_object,
    weight_files,
)
from ontarget.checkpoints.messages import as_user_error, first_line, nothing_on_standard_output, warn_once
from ontarget.errors import UserError
from ontarget.prompts.encode import encode_prompt
from ontarget.prompts.segment import Segment

_QUANTISED = ("I", "U", "BOOL", "F8", "F6", "F4")  # prefixes of dtypes that need scales


def load_tokenizer(model: Path | str, *, trust_remote_code: bool = False) -> Any:
    """The tokenizer of a model; for an adapter its own, or else that of its base.

    Args:
        model: a directory, or a name on the Hub (see `locate`).
    Raises:
        UserError: the tokenizer is missing or cannot be loaded.
    """
    model, adapter = _resolved(model)
    if adapter and not has_tokenizer(adapter.folder):
        with _of_base(adapter):
            return load_tokenizer(adapter.base, trust_remote_code=trust_remote_code)
    if isinstance(model, Path):
        check_tokenizer_files(model)
    with as_user_error("tokenizer", model), nothing_on_standard_output():
        tokenizer = AutoTokenizer.from_pretrained(model, trust_remote_code=trust_remote_code)
        encode_prompt(tokenizer, (Segment("x", trusted=False),))  # some damage shows only there
    return tokenizer


def load_config(model: Path | str, *, trust_remote_code: bool = False) -> Any:
    """The configuration of a model, or of an adapter's base, if ontarget supports its architecture.

    Raises:
        UserError: the configuration cannot be loaded, or the architecture is not supported.
    """
    model, adapter = _resolved(model)
    if adapter:
        with _of_base(adapter):
            return load_config(adapter.base, trust_remote_code=trust_remote_code)
    if isinstance(model, Path):
        check_model_files(model)
        _check_type(model, trust_remote_code)
    with as_user_error("model", model):
        config = AutoConfig.from_pretrained(model, trust_remote_code=trust_remote_code)
    check_architecture(config, str(model))
    layers = getattr(config.get_text_config(decoder=True), "num_hidden_layers", None)
    if layers is not None and layers < 1:
        raise UserError(f"the config.json of '{model}' has {layers} layers (num_hidden_layers): fix it")
    return config


def can_be_had(name: str) -> bool:
    """Whether the configuration of a model on the Hub is cached or can be downloaded."""
    return hub.has(name, CONFIG)


def load_model(model: Path | str, *, trust_remote_code: bool = False, **held: Any) -> Any:
    """A causal language model, with every weight from its files.

    Args:
        model: a directory, or a name on the Hub (see `locate`).
        held: arguments of `from_pretrained` about the weights: `dtype`, `quantization_config`.
    Raises:
        UserError: the model cannot be loaded, lacks weights, or is not supported.
    """
    loaded, adapter = _loaded(model, trust_remote_code, held)
    if adapter:
        warn_once(f"'{adapter.folder}' is an adapter: loaded with its base '{adapter.base}' and merged")
    return loaded


def check_weights(model: Path | str, *, trust_remote_code: bool = False) -> int:
    """Loads a model without its data: quickly finds the errors that `load_model` would find.

    Returns:
        The number of embeddings.
    Raises:
        UserError: see `load_model`.
    """
    shown = transformers_logging.is_progress_bar_enabled()
    transformers_logging.disable_progress_bar()
    try:
        loaded, _ = _loaded(model, trust_remote_code, {"device_map": "meta", "dtype": torch.float32})
    finally:
        if shown:
            transformers_logging.enable_progress_bar()
    count: int = loaded.get_input_embeddings().num_embeddings
    return count


def _loaded(
    model: Path | str, trust_remote_code: bool, held: Mapping[str, Any]
) -> tuple[Any, Adapter | None]:
    model, adapter = _resolved(model)
    if adapter:
        from ontarget.checkpoints.merging import merged  # PEFT takes a second to import

        check_adapter_files(adapter.folder)
        with _of_base(adapter):
            base, _ = _loaded(adapter.base, trust_remote_code, held)
        with as_user_error("adapter", adapter.folder), warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # about PEFT's use of Transformers
            warnings.filterwarnings("ignore", ".*tie_word_embeddings")  # they are untied if needed
            return merged(base, adapter), adapter
    load_config(model, trust_remote_code=trust_remote_code)
    with as_user_error("model", model), _quiet():
        loaded, info = AutoModelForCausalLM.from_pretrained(
            model,
            use_safetensors=True,
            trust_remote_code=trust_remote_code,
            output_loading_info=True,
            ignore_mismatched_sizes=True,  # reported below, with the tensor's name
            **held,
        )
    _check_tensors(model, info)
    _check_dtypes(model, loaded)
    _check_ends(model, loaded)
    # Some checkpoints ask for tuples, or for attention maps, which sdpa does not support.
    loaded.config.return_dict, loaded.config.output_attentions = True, False
    return loaded, None


def _resolved(model: Path | str) -> tuple[Path | str, Adapter | None]:
    """The place of a model, and its adapter if it is one.

    Raises:
        UserError: a base is not named or does not exist, or adapters name each other.
    """
    model = _here(model)
    lineage(model)  # raises if adapters name each other
    return model, adapter_in(model)


@lru_cache(maxsize=8)
def _here(model: Path | str) -> Path | str:
    """A model; an adapter on the Hub is downloaded to a directory first, to be merged."""
    if isinstance(model, Path):
        return model
    from huggingface_hub import snapshot_download

    hub.tell_retries_once()
    if not hub.has(model, ADAPTER_CONFIG):
        return model
    try:
        return Path(snapshot_download(model, allow_patterns=["adapter_*", "*.json", "*.jinja", "*.model"]))
    except (OSError, ValueError):  # loading reports it
        return model


def _check_type(folder: Path, trust_remote_code: bool) -> None:
    """Refuses a `model_type` that Transformers does not know."""
    import transformers

    config = read_object(folder / CONFIG)
    kind, own_code = config.get("model_type"), "auto_map" in config
    if not isinstance(kind, str) and not own_code:
        raise UserError(f"'{folder / CONFIG}' has no model_type, such as llama: download the file again")
    if (isinstance(kind, str) and kind in CONFIG_MAPPING) or (own_code and trust_remote_code):
        return
    remedy = (
        "it brings code of its own, which runs with --trust-remote-code alone"
        if own_code
        else "upgrade transformers, or fix model_type"
    )
    raise UserError(
        f"'{folder / CONFIG}' has the model_type '{kind}', which transformers {transformers.__version__} "
        f"does not know: {remedy}"
    )


def _check_tensors(model: Path | str, info: Mapping[str, Iterable[Any]]) -> None:
    """Compares the tensors that the model needs with those in the files; tied weights are stored once."""
    missing, unexpected = sorted(info["missing_keys"]), sorted(info["unexpected_keys"])
    if mismatched := sorted(info["mismatched_keys"], key=lambda each: str(each[0])):
        name, there, wanted = mismatched[0]
        raise UserError(
            f"{_file(model, name)} does not fit its config.json: {name} is {list(there)}, and "
            f"config.json needs {list(wanted)}{_more(mismatched)}: use the config.json that belongs to it"
        )
    if missing:
        raise UserError(
            f"{_file(model, missing[0])} lacks {missing[0]}{_more(missing)}, which config.json "
            "needs and which would be random: download the weights again, or use their config.json"
        )
    if errors := list(info["error_msgs"]):
        raise UserError(f"cannot load the model '{model}': {first_line(errors[0])}")
    if unexpected:
        warn_once(
            f"{_file(model, unexpected[0])} has {unexpected[0]}{_more(unexpected)}, which the model does not "
            "use: is config.json the one that belongs to the weights?"
        )


def _check_dtypes(model: Path | str, loaded: Any) -> None:
    """Refuses quantized weights without scales, which would be read as plain numbers."""
    if not isinstance(model, Path) or getattr(loaded.config, "quantization_config", None) is not None:
        return
    needed = {name for name, weight in loaded.named_parameters() if weight.is_floating_point()}
    for file in weight_files(model):
        with safe_open(file, "pt") as tensors:
            for name in sorted(needed.intersection(tensors.keys())):
                if (dtype := tensors.get_slice(name).get_dtype()).startswith(_QUANTISED):
                    raise UserError(
                        f"'{file}' has {name} in {dtype}, as in quantized weights, but config.json has no "
                        "quantization_config: use the config.json of these weights, or floating-point weights"
                    )


def _check_ends(model: Path | str, loaded: Any) -> None:
    """Checks the end tokens, the only generation setting of a checkpoint that is used."""
    ends = loaded.generation_config.eos_token_id if loaded.generation_config is not None else None
    each = ends if isinstance(ends, list) else [ends]
    if not all(id is None or (isinstance(id, int) and not isinstance(id, bool)) for id in each):
        raise UserError(
            f"eos_token_id is {ends!r} in the generation_config.json (or config.json) of '{model}': set it "
            "to the id of a token, or to a list of ids"
        )


def _file(model: Path | str, tensor: str) -> str:
    return f"'{file_of(model, tensor)}'" if isinstance(model, Path) else f"the checkpoint '{model}'"


def _more(of: list[Any]) -> str:
    return f" (and {len(of) - 1} more)" if len(of) > 1 else ""


@contextmanager
def _of_base(adapter: Adapter) -> Iterator[None]:
    """Adds the name of the adapter to errors about its base."""
    try:
        yield
    except UserError as error:
        raise UserError(without_base(adapter, str(error))) from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Suppresses the table of weights that Transformers prints: errors here are one sentence."""
    before = transformers_logging.get_verbosity()
    transformers_logging.set_verbosity_error()
    try:
        yield
    finally:
        transformers_logging.set_verbosity(before)
