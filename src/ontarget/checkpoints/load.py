"""The one place where models and tokenizers are loaded: from a directory, or by name from the hub.

A damaged file is told in a sentence that names it. A tensor that the weights lack is an error: transformers
makes a random one in its place. An adapter is merged into its base.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from transformers import CONFIG_MAPPING, AutoConfig, AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging as transformers_logging

from ontarget.checkpoints.adapter import Adapter, adapter_in, tokenizer_place, without_base
from ontarget.checkpoints.architecture import check_architecture
from ontarget.checkpoints.files import (
    ADAPTER_CONFIG,
    CONFIG,
    check_adapter_files,
    check_model_files,
    check_tokenizer_files,
    read_object,
    weights_of,
)
from ontarget.errors import UserError

_LOG = logging.getLogger(__name__)


def load_tokenizer(model: Path | str, *, trust_remote_code: bool = False) -> Any:
    """The tokenizer of a model; an adapter's is its own, or else that of its base.

    Args:
        model: a directory, or a name on the hub (see `locate`).
    Raises:
        UserError: there is none, or it cannot be loaded.
    """
    place = tokenizer_place(_here(model))
    if isinstance(place, Path):
        check_tokenizer_files(place)
    with _said("tokenizer", place):
        return AutoTokenizer.from_pretrained(place, trust_remote_code=trust_remote_code)


def load_config(model: Path | str, *, trust_remote_code: bool = False) -> Any:
    """The configuration of a model, or of an adapter's base, if ontarget can work with such models.

    Raises:
        UserError: it cannot be loaded, or the architecture is not for us.
    """
    model = _here(model)
    if adapter := adapter_in(model):
        with _of_base(adapter):
            return load_config(adapter.base, trust_remote_code=trust_remote_code)
    if isinstance(model, Path):
        check_model_files(model)
        _check_type(model, trust_remote_code)
    with _said("model", model):
        config = AutoConfig.from_pretrained(model, trust_remote_code=trust_remote_code)
    check_architecture(config, str(model))
    return config


def on_this_machine(name: str) -> bool:
    """Whether the configuration of a model of the hub is on this machine, or can be had from the hub."""
    from huggingface_hub import hf_hub_download

    try:
        hf_hub_download(name, CONFIG)
    except (OSError, ValueError):  # no network, no such name, no access: loading says which
        return False
    return True


def load_model(model: Path | str, *, trust_remote_code: bool = False, **held: Any) -> Any:
    """A causal language model, each weight of which was in the files.

    Args:
        model: a directory, or a name on the hub (see `locate`).
        held: how `from_pretrained` holds the weights: `dtype`, `quantization_config`.
    Raises:
        UserError: it cannot be loaded, lacks weights, or is not for us.
    """
    loaded, adapter = _loaded(model, trust_remote_code, held)
    if adapter:
        _say_merged(adapter)
    return loaded


def check_weights(model: Path | str, *, trust_remote_code: bool = False) -> int:
    """Loads a model without its numbers: finds at once what `load_model` would find, at no cost of memory.

    Returns:
        How many embeddings it has.
    Raises:
        UserError: as there.
    """
    shown = transformers_logging.is_progress_bar_enabled()
    transformers_logging.disable_progress_bar()
    try:
        loaded, _ = _loaded(model, trust_remote_code, {"device_map": "meta"})
    finally:
        if shown:
            transformers_logging.enable_progress_bar()
    count: int = loaded.get_input_embeddings().num_embeddings
    return count


def _loaded(
    model: Path | str, trust_remote_code: bool, held: Mapping[str, Any]
) -> tuple[Any, Adapter | None]:
    model = _here(model)
    if adapter := adapter_in(model):
        from ontarget.checkpoints.merging import merged  # PEFT takes a second to import

        check_adapter_files(adapter.folder)
        with _of_base(adapter):
            base, _ = _loaded(adapter.base, trust_remote_code, held)
        with _said("adapter", adapter.folder):
            return merged(base, adapter), adapter
    load_config(model, trust_remote_code=trust_remote_code)
    with _said("model", model), _quiet():
        loaded, info = AutoModelForCausalLM.from_pretrained(
            model,
            use_safetensors=True,
            trust_remote_code=trust_remote_code,
            output_loading_info=True,
            ignore_mismatched_sizes=True,  # said below, with the tensor's name
            **held,
        )
    _check_tensors(model, info)
    return loaded, None


@lru_cache(maxsize=8)
def _here(model: Path | str) -> Path | str:
    """A model; an adapter of the hub as a directory of this machine, since it is merged here."""
    if isinstance(model, Path):
        return model
    from huggingface_hub import hf_hub_download, snapshot_download

    try:
        hf_hub_download(model, ADAPTER_CONFIG)
        return Path(snapshot_download(model, allow_patterns=["adapter_*", "*.json", "*.jinja", "*.model"]))
    except (OSError, ValueError):  # a model of its own; or not to be had, which loading says
        return model


def _check_type(folder: Path, trust_remote_code: bool) -> None:
    """Says what to do about a type of models that transformers does not know."""
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
        else "upgrade transformers, or mend model_type"
    )
    raise UserError(
        f"'{folder / CONFIG}' has the model_type '{kind}', which transformers {transformers.__version__} "
        f"does not know: {remedy}"
    )


def _check_tensors(model: Path | str, info: Mapping[str, Iterable[Any]]) -> None:
    """Compares what the model needs with what the files had. Tied weights are in one place alone."""
    missing, unexpected = sorted(info["missing_keys"]), sorted(info["unexpected_keys"])
    of = f"'{weights_of(model)}'" if isinstance(model, Path) else f"the checkpoint '{model}'"
    if mismatched := sorted(info["mismatched_keys"], key=lambda each: str(each[0])):
        name, there, wanted = mismatched[0]
        raise UserError(
            f"{of} does not fit its config.json: {name} has the shape {list(there)}, and config.json needs "
            f"{list(wanted)}{_more(mismatched)}; use the config.json that belongs to the weights"
        )
    if missing:
        raise UserError(
            f"{of} lacks {missing[0]}{_more(missing)}, which config.json needs and which would be random: "
            "download the weights again, or use the config.json that belongs to them"
        )
    if errors := list(info["error_msgs"]):
        raise UserError(f"cannot load the model '{model}': {_first_line(errors[0])}")
    if unexpected:
        _LOG.warning(
            "%s has %s%s, which the model does not use: is config.json the one that belongs to the weights?",
            of,
            unexpected[0],
            _more(unexpected),
        )


def _more(of: list[Any]) -> str:
    return f" (and {len(of) - 1} more)" if len(of) > 1 else ""


@lru_cache(maxsize=8)  # once, however often a stage loads it
def _say_merged(adapter: Adapter) -> None:
    _LOG.warning("'%s' is an adapter: loaded with its base '%s' and merged", adapter.folder, adapter.base)


@contextmanager
def _of_base(adapter: Adapter) -> Iterator[None]:
    """Says of a base that cannot be loaded whose it is."""
    try:
        yield
    except UserError as error:
        raise UserError(without_base(adapter.folder, adapter.base, str(error))) from error


@contextmanager
def _said(what: str, place: Path | str) -> Iterator[None]:
    """Makes one sentence of whatever is raised while files of a user are read.

    transformers, tokenizers, safetensors, PEFT and json raise all sorts: a damaged file is met wherever
    something first makes no sense.

    Raises:
        UserError: it could not be loaded, and why.
    """
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        hub = "" if isinstance(place, Path) else ", which is no directory here, from the Hugging Face hub"
        raise UserError(f"cannot load the {what} '{place}'{hub}: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    """What an exception says, in a line; some say no more than a missing key."""
    line = _first_line(error)
    plain = isinstance(error, OSError | ValueError | RuntimeError) or type(error) is Exception
    return line if plain and line else f"{type(error).__name__} {line}".strip()


def _first_line(error: object) -> str:
    return next((line.strip() for line in str(error).split("\n") if line.strip()), "")


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the table of weights that transformers prints: what is amiss is said in a sentence."""
    before = transformers_logging.get_verbosity()
    transformers_logging.set_verbosity_error()
    try:
        yield
    finally:
        transformers_logging.set_verbosity(before)
