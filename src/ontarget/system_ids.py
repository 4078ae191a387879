"""Former ids of systems, which recipes, options and run directories may still contain."""

from pathlib import Path

BASE = "base"
"""The system that prompts the model that stage 1 starts from."""

_CURRENT = {"llama": BASE}
_FORMER = {current: former for former, current in _CURRENT.items()}


def current_id(system: str) -> str:
    """The id of a system that may be given by a former one: `current_id("llama") == "base"`."""
    return _CURRENT.get(system, system)


def former_id(system: str) -> str:
    """The first id of a system. Fingerprints contain it, so that what was made under it stays valid."""
    return _FORMER.get(system, system)


def outputs_folder(outputs: Path, system: str) -> Path:
    """The folder of a system in the `outputs` of a run. A run that has one under a former id keeps it."""
    current, former = outputs / system, outputs / former_id(system)
    return former if former.is_dir() and not current.is_dir() else current
