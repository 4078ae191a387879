"""GGUF files (the format of llama.cpp and Ollama) as models: each is converted once, and the result is kept.

The conversion (`gguf_conversion.py`) runs in a process of its own. Its memory, twice that of the model, is
free afterwards, and packages that never import torch can read the tokenizer files of such a model, too.
"""

import hashlib
import logging
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from ontarget.checkpoints.files import check_whole
from ontarget.errors import UserError
from ontarget.files import cache_folder, made_once, whole_folder

SUFFIX = ".gguf"
_MAGIC = b"GGUF"
_NEEDED = ("gguf", "torch", "transformers")
_LOG = logging.getLogger(__name__)


def plain_checkpoint(file: Path) -> Path:
    """The checkpoint directory of a GGUF file: config.json, tokenizer, and safetensors in bf16.

    It is in the cache (`$ONTARGET_CACHE`) and is made on first use, which takes seconds to minutes. A file
    whose path, size or modification time differs is converted again.

    Raises:
        UserError: the file is damaged or not GGUF, transformers does not know its architecture, it has no
            tokenizer, or the package `gguf` is not installed.
    """
    check_whole(file)
    with file.open("rb") as opened:
        if opened.read(len(_MAGIC)) != _MAGIC:
            raise UserError(f"'{file}' is not a GGUF file (it does not begin with GGUF): download it again")
    stat = file.stat()
    about = f"{file.resolve()}\0{stat.st_size}\0{stat.st_mtime_ns}"
    folder = cache_folder() / "gguf" / f"{file.stem}-{hashlib.sha256(about.encode()).hexdigest()[:12]}"
    made_once(folder, lambda: _convert(file, folder))
    return folder


def _convert(file: Path, folder: Path) -> None:
    if not all(map(find_spec, _NEEDED)):
        raise UserError(f"'{file}' needs a package that is not installed: pip install 'ontarget[train,gguf]'")
    _LOG.warning("converting '%s' to safetensors (once); the result is kept in '%s'", file, folder)
    with whole_folder(folder) as temporary:
        command = [sys.executable, "-m", "ontarget.checkpoints.gguf_conversion", str(file), str(temporary)]
        done = subprocess.run(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, encoding="utf-8", check=False
        )
        if done.returncode:
            lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
            said = lines[-1]  # by UserError; or the last line of a traceback
            raise UserError(said if said.startswith("'") else f"cannot convert '{file}': {said}")
