"""Checksums of the folders that a stage writes, to find later damage.

The last file of a folder has the SHA-256 of all others. A full disk, an incomplete copy or a manual change
can damage a checkpoint long after it was written. Libraries would fail late, or silently use the damaged
files.
"""

import hashlib
import json
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from ontarget.files import write_json

SEAL = "checksums.json"
_KEYS = {"trainer_state.json": ("global_step", "max_steps")}  # Trainer needs them
_ZIPPED = (".pt", ".pth", ".bin")  # files of torch: a zip with checksums of its own


def seal(folder: Path) -> None:
    """Writes the checksums of all files of a folder into it."""
    sums = {str(path.relative_to(folder)): _sha256(path) for path in _files(folder)}
    write_json(folder / SEAL, sums)


def damage(folder: Path, needed: Sequence[str]) -> str | None:
    """The damage of a folder, in a few words; None if it is intact.

    A folder of an older version has no checksums: it must have the `needed` files, each in the right format.

    Args:
        folder: the folder.
        needed: patterns of files.
    Raises:
        PermissionError: a file may not be read, which does not count as damage.
    """
    for path in _files(folder):
        path.open("rb").close()
    if (folder / SEAL).exists():
        return _broken_seal(folder)
    for pattern in needed:
        if not any(folder.glob(pattern)):
            return f"{pattern} is missing"
    for path in _files(folder):
        if not _reads(path):
            return f"{path.name} cannot be read"
    needed = sorted({shard for index in folder.glob("*.index.json") for shard in _shards(index)})
    missing = [shard for shard in needed if not (folder / shard).is_file()]
    return f"{missing[0]} is missing" if missing else None


def _broken_seal(folder: Path) -> str | None:
    try:
        sums = json.loads((folder / SEAL).read_text(encoding="utf-8"))
        for name, expected in sums.items():
            if not (folder / name).is_file():
                return f"{name} is missing"
            if _sha256(folder / name) != expected:
                return f"{name} is not as it was written"
    except (OSError, ValueError, AttributeError):
        return f"{SEAL} cannot be read"
    return None


def weights_whole(path: Path) -> bool:
    """Whether a safetensors file has all the bytes that its header names."""
    try:
        with safe_open(path, framework="pt"):
            return True
    except (OSError, SafetensorError):
        return False


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != SEAL)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _reads(path: Path) -> bool:
    """Whether a file is complete, by its format; nothing is unpickled."""
    if path.suffix == ".safetensors":
        return weights_whole(path)
    try:
        if path.suffix in _ZIPPED:
            with zipfile.ZipFile(path) as parts:
                return parts.testzip() is None
        if path.suffix == ".json":
            content = json.loads(path.read_text(encoding="utf-8"))
            keys = _KEYS.get(path.name, ())
            return isinstance(content, dict) and all(isinstance(content.get(key), int) for key in keys)
    except (OSError, ValueError, zipfile.BadZipFile):
        return False
    return True


def _shards(index: Path) -> list[str]:
    """The files that an index of weights names."""
    content: dict[str, Any] = json.loads(index.read_text(encoding="utf-8"))
    weights = content.get("weight_map")
    return [str(name) for name in weights.values()] if isinstance(weights, dict) else []
