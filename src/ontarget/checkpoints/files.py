"""Checks of the files in a model directory, without torch, before anything is loaded.

Transformers reports damaged files poorly, and some missing ones not at all: without a `tokenizer.json` it may
make an empty tokenizer, and without a `generation_config.json` it may miss an end token.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ontarget.checkpoints.safetensors import check_safetensors
from ontarget.errors import UserError
from ontarget.lfs import require_no_pointer

CONFIG, ADAPTER_CONFIG, TOKENIZER = "config.json", "adapter_config.json", "tokenizer.json"
WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"
ADAPTER_WEIGHTS, _OLD_ADAPTER_WEIGHTS = "adapter_model.safetensors", "adapter_model.bin"

# Files of a tokenizer that Transformers reads besides tokenizer.json, and those of which one suffices.
_OF_TOKENIZER = (
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
)
_TOKENIZERS = re.compile(
    r"tokenizer\.json|vocab\.(json|txt)|.*\.model|tekken\.json|.*\.tiktoken|tokenization_\w+\.py"
)
_SHARD = re.compile(r"model-\d+-of-\d+\.safetensors")
_AGAIN = "download or copy the file again"


def is_adapter(folder: Path) -> bool:
    """Whether a directory has a PEFT adapter (LoRA or another), and no whole model.

    Some tools leave the `config.json` of the base beside the adapter.
    """
    whole = any((folder / name).exists() for name in (WEIGHTS, INDEX))
    return (folder / ADAPTER_CONFIG).exists() and not whole


def has_tokenizer(folder: Path) -> bool:
    """Whether a directory has files of a tokenizer, damaged or not."""
    return any(_TOKENIZERS.fullmatch(file.name) for file in folder.iterdir())


def check_tokenizer_files(folder: Path) -> None:
    """Checks the files of a tokenizer.

    Raises:
        UserError: a file is missing or damaged; the message names the file and the remedy.
    """
    if not has_tokenizer(folder):
        raise UserError(
            f"'{folder}' has no tokenizer (tokenizer.json): copy the tokenizer's files from the model that "
            "this one was made from"
        )
    for name in _OF_TOKENIZER:
        if (folder / name).exists() and name != TOKENIZER:
            read_object(folder / name)
    fast = folder / TOKENIZER
    if fast.exists() and not {"model", "added_tokens"} <= read_object(fast).keys():
        raise UserError(f"'{fast}' is not the file of a fast tokenizer: {_AGAIN}")
    for file in folder.glob("*.model"):
        check_whole(file)


def check_model_files(folder: Path) -> None:
    """Checks the configuration and the weights of a model.

    Raises:
        UserError: a file is missing or damaged; the message names the file and the remedy.
    """
    _check_links(folder)
    if not (folder / CONFIG).exists():
        if gguf := next(iter(sorted(folder.glob("*.gguf"))), None):
            raise UserError(
                f"'{folder}' has no config.json, but {gguf.name}: give the file itself as the model, '{gguf}'"
            )
        adapter = any((folder / name).exists() for name in (ADAPTER_WEIGHTS, _OLD_ADAPTER_WEIGHTS))
        lacks = "no adapter_config.json, but an adapter's weights" if adapter else "no config.json"
        raise UserError(f"'{folder}' has {lacks}, so it is not a model{_models_below(folder)}")
    read_object(folder / CONFIG)
    if (folder / "generation_config.json").exists():
        read_object(folder / "generation_config.json")
    for file in weight_files(folder):
        check_whole(file)
        check_safetensors(file)


def check_adapter_files(folder: Path) -> None:
    """Checks the configuration and the weights of an adapter.

    Raises:
        UserError: a file is missing or damaged; the message names the file and the remedy.
    """
    _check_links(folder)
    read_object(folder / ADAPTER_CONFIG)
    weights, old = folder / ADAPTER_WEIGHTS, folder / _OLD_ADAPTER_WEIGHTS
    if old.exists() and not weights.exists():
        convert = (
            "import torch; from safetensors.torch import save_file; "
            f"save_file(torch.load({str(old)!r}, weights_only=True), {str(weights)!r})"
        )
        raise UserError(
            f"'{folder}' has its weights as {old.name}, an older format; convert them to safetensors: "
            f'python -c "{convert}"'
        )
    if not weights.exists():
        raise UserError(f"'{folder}' has an adapter_config.json but no {weights.name}: copy it there")
    check_whole(weights)
    check_safetensors(weights)


def read_object(file: Path) -> dict[str, Any]:
    """The JSON object in a file.

    Raises:
        UserError: the file cannot be read, or has something else than a JSON object.
    """
    check_whole(file)
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise UserError(f"'{file}' is not valid JSON ({reason}): fix it, or {_AGAIN}") from None
    if not isinstance(value, dict):
        raise UserError(f"'{file}' must hold a JSON object, not a {type(value).__name__}: {_AGAIN}")
    return value


def check_whole(file: Path) -> None:
    """Checks that a file can be read, and is not a placeholder for the real file.

    Raises:
        UserError: the file is empty, a Git LFS pointer, or cannot be opened.
    """
    try:
        with file.open("rb") as opened:
            head = opened.read(1024)
    except OSError as error:
        raise UserError(f"'{file}' cannot be read: {error.strerror}") from None
    if not head:
        raise UserError(f"'{file}' is empty: {_AGAIN}")
    require_no_pointer(head, f"'{file}'")


def _check_links(folder: Path) -> None:
    """Refuses broken links, as after a copy of a single folder of the Hub's cache."""
    for file in sorted(folder.iterdir()):
        if file.is_symlink() and not file.exists():
            raise UserError(
                f"'{file}' is a link to '{file.readlink()}', which is not there: copy the file itself "
                "(cp -L follows links)"
            )


def file_of(folder: Path, tensor: str) -> Path:
    """The file with a tensor, or the index of the shards if that does not list the tensor."""
    if (folder / WEIGHTS).exists():
        return folder / WEIGHTS
    return folder / str(read_object(folder / INDEX)["weight_map"].get(tensor, INDEX))


def weight_files(folder: Path) -> list[Path]:
    """The files with weights that Transformers reads, in the order in which it looks for them."""
    if (folder / WEIGHTS).exists():
        return [folder / WEIGHTS]
    if not (folder / INDEX).exists():
        raise UserError(_no_weights(folder))
    shards = read_object(folder / INDEX).get("weight_map")
    if not isinstance(shards, Mapping) or not shards or not all(isinstance(v, str) for v in shards.values()):
        raise UserError(f"'{folder / INDEX}' has no weight_map, which assigns tensors to shards: {_AGAIN}")
    names = sorted(set(shards.values()))
    if missing := [name for name in names if not (folder / name).is_file()]:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise UserError(
            f"'{folder}' lacks {missing[0]}{more} of the {len(names)} shards that {INDEX} names: "
            "download or copy what is missing"
        )
    return [folder / name for name in names]


def _no_weights(folder: Path) -> str:
    """The message if there are no weights that Transformers can read."""
    names = sorted(file.name for file in folder.iterdir())
    if any(re.fullmatch(r"pytorch_model.*\.bin", name) for name in names):
        load = "from transformers import AutoModelForCausalLM as M"
        return (
            f"'{folder}' has its weights as pytorch_model.bin, an older format that can run code when it is "
            f'read; convert them to safetensors: python -c "{load}; '
            f'M.from_pretrained({str(folder)!r}).save_pretrained({str(folder)!r})"'
        )
    if any(_SHARD.fullmatch(name) for name in names):
        return f"'{folder}' has shards of safetensors but no {INDEX}, which lists them: copy it, too"
    if other := next((name for name in names if name.endswith((".safetensors", ".gguf"))), None):
        return (
            f"'{folder}' has no {WEIGHTS}, only {other}: save the model by transformers' save_pretrained, or "
            "download it in the format of transformers"
        )
    return (
        f"'{folder}' has a config.json but no weights ({WEIGHTS}): download or copy them"
        f"{_models_below(folder)}"
    )


def _models_below(folder: Path) -> str:
    below = sorted(
        str(config.parent)
        for pattern in ("*", "*/*")
        for name in (CONFIG, ADAPTER_CONFIG)
        for config in folder.glob(f"{pattern}/{name}")
    )
    return f"; there are models in {', '.join(dict.fromkeys(below[:8]))}" if below else ""
