"""The size of a model, by the headers of its weights."""

from pathlib import Path

from ontarget.checkpoints.adapter import lineage
from ontarget.checkpoints.files import CONFIG, read_object, weight_files
from ontarget.checkpoints.safetensors import numbers_in
from ontarget.errors import UserError


def parameters(model: Path | str) -> int | None:
    """The number of parameters of a model; an adapter has those of its base model.

    None if the weights are not on this machine, or are quantised: several numbers then share one value.

    Args:
        model: a directory, or a name on the Hub whose files may be in its cache.
    """
    base = lineage(model)[-1]
    folder = base if isinstance(base, Path) else _cached(base)
    if folder is None:
        return None
    try:
        if "quantization_config" in read_object(folder / CONFIG):
            return None
        return sum(map(numbers_in, weight_files(folder)))
    except (OSError, UserError):
        return None


def _cached(name: str) -> Path | None:
    """The newest snapshot of a model in the cache of the Hub."""
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, local_files_only=True))
    except (OSError, ValueError):
        return None
