"""Converts a GGUF file to a checkpoint directory; a program: `python -m ... FILE DIRECTORY`.

transformers dequantizes the weights, and makes the tokenizer and the chat template from the file's metadata.
"""

import sys
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

from ontarget.checkpoints.architecture import check_architecture
from ontarget.checkpoints.messages import first_line
from ontarget.errors import UserError

_FIELDS = ("split.count", "tokenizer.ggml.model")


def convert(file: Path, folder: Path) -> None:
    """Writes config.json, the tokenizer and the dequantized weights of a GGUF file to a directory.

    Weights are saved in bf16: its rounding (2^-9 of a value) is far below the error of a quantized file.

    Raises:
        UserError: the file is cut off, transformers does not know its architecture, or it has no tokenizer.
    """
    _check_metadata(file)
    where: dict[str, Any] = {"pretrained_model_name_or_path": file.parent, "gguf_file": file.name}
    try:
        config = AutoConfig.from_pretrained(**where)
        check_architecture(config, str(file))
        tokenizer = AutoTokenizer.from_pretrained(**where)
        loaded = AutoModelForCausalLM.from_pretrained(**where, dtype=torch.bfloat16)
    except UserError:
        raise
    except Exception as error:
        raise UserError(f"'{file}' cannot be read by transformers: {first_line(error)}") from error
    _plain(loaded).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _check_metadata(file: Path) -> None:
    """Checks the beginning of the file; transformers fails on such files in many ways."""
    from gguf import GGUFReader

    try:
        reader = GGUFReader(file)
    except Exception as error:  # what numpy says of it helps nobody
        raise UserError(f"'{file}' is damaged or cut off: download it again") from error
    found = {name: reader.fields[name].contents() for name in _FIELDS if name in reader.fields}
    if int(found.get("split.count", 1)) > 1:
        raise UserError(f"'{file}' is one of several parts: join them with llama-gguf-split --merge")
    if not reader.tensors:
        raise UserError(f"'{file}' has no weights: take the file of the whole model")
    if not found.get("tokenizer.ggml.model") or "tokenizer.ggml.tokens" not in reader.fields:
        raise UserError(f"'{file}' has no tokenizer: take a file that includes one")


def _plain(loaded: Any) -> Any:
    """The model without the file's `quantization_config`, with which transformers refuses to save it."""
    del loaded.config.quantization_config
    with torch.device("meta"):
        model = type(loaded)(loaded.config)
    model.load_state_dict(loaded.state_dict(), assign=True)
    model.tie_weights()
    model.generation_config = loaded.generation_config
    return model


def main() -> None:
    """Converts the file in the first argument to the directory in the second."""
    try:
        convert(Path(sys.argv[1]), Path(sys.argv[2]))
    except UserError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
