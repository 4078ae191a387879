"""PEFT adapters (LoRA and others) in directories of their own, and the base models that they belong to."""

import re
from dataclasses import dataclass
from pathlib import Path

from ontarget.checkpoints.files import ADAPTER_CONFIG, CONFIG, has_tokenizer, is_adapter, read_object
from ontarget.errors import UserError

_DEEPEST = 8  # adapters of adapters; a folder that names itself would never end


@dataclass(frozen=True, slots=True)
class Adapter:
    """An adapter and its base: a directory, or a name on the Hugging Face Hub."""

    folder: Path
    base: Path | str


def adapter_in(place: Path | str) -> Adapter | None:
    """The adapter in a directory; None if the directory has a whole model.

    A relative `base_model_name_or_path` is resolved from the working directory, from the adapter's folder and
    from the folder that contains it, in this order.

    Raises:
        UserError: the adapter does not name its base, or the base is not an existing directory and cannot be
            a name on the Hub.
    """
    if not (isinstance(place, Path) and is_adapter(place)):
        return None
    named = read_object(place / ADAPTER_CONFIG).get("base_model_name_or_path")
    if not isinstance(named, str) or not named.strip():
        raise UserError(
            f"'{place}' is an adapter, and its {ADAPTER_CONFIG} does not name the base model: "
            "set base_model_name_or_path to its directory or hub name"
        )
    path = Path(named).expanduser()
    for base in (path, place / path, place.parent / path):
        if base.is_dir() and not base.samefile(place) and _holds_model(base):
            return Adapter(place, base)
    itself = path.is_dir() and path.samefile(place)
    if itself or path.is_absolute() or named.startswith(".") or not re.fullmatch(r"[^/]+(/[^/]+)?", named):
        why = "that is the adapter itself" if itself else "there is no such model directory"
        raise UserError(without_base(Adapter(place, named), why))
    return Adapter(place, named)


def without_base(adapter: Adapter, why: str) -> str:
    """The message if the base of an adapter is missing or damaged."""
    there = isinstance(adapter.base, Path) and adapter.base.is_dir()
    remedy = "" if there else f"; set base_model_name_or_path in its {ADAPTER_CONFIG} to where the base is"
    return f"'{adapter.folder}' is an adapter of '{adapter.base}', which cannot be loaded: {why}{remedy}"


def lineage(place: Path | str) -> list[Path | str]:
    """A model, followed by its base if it is an adapter, the base of that base, and so on.

    Raises:
        UserError: a base is not named or does not exist, or adapters name each other.
    """
    found = [place]
    while adapter := adapter_in(found[-1]):
        found.append(adapter.base)
        if len(found) > _DEEPEST:
            raise UserError(f"'{place}' is an adapter of an adapter, and so on without an end")
    return found


def tokenizer_place(model: Path | str) -> Path | str:
    """The place of a model's tokenizer: the adapter if it has one, or else its base."""
    places = lineage(model)
    return next((at for at in places[:-1] if isinstance(at, Path) and has_tokenizer(at)), places[-1])


def _holds_model(folder: Path) -> bool:
    return (folder / CONFIG).exists() or (folder / ADAPTER_CONFIG).exists()
