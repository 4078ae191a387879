"""Artifacts of other runs: a run takes over those with the fingerprints that it needs instead of making them.

Models are linked, since no file of a model is ever changed in place; translations are copied. Another process
may work in the other run: only complete artifacts are taken, and none that changes meanwhile.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

from ontarget.errors import UserError
from ontarget.files import read_jsonl
from ontarget.pipeline.planning.artifacts import Made, Store
from ontarget.pipeline.planning.step import Step

Shelf = Mapping[str, tuple[Path, Made]]
"""Fingerprint -> a model's folder or a file of translations, and its record."""

EMPTY: Shelf = MappingProxyType({})


def shelf(more: Iterable[Path] = ()) -> Shelf:
    """The complete artifacts of all runs in `runs/`, of the points of sweeps there, and of `more` runs."""
    folders = dict.fromkeys(more)
    for pattern in ("*/models", "*/*/models", "*/outputs", "*/*/outputs"):
        folders |= dict.fromkeys(found.parent for found in sorted(Path("runs").glob(pattern)))
    return {key: found for folder in folders for key, found in Store(folder).found().items()}


def run_of(place: Path) -> Path:
    """The directory of the run that an artifact belongs to."""
    return place.parents[2] if place.suffix == ".jsonl" else place.parents[1]


def take_over(store: Store, steps: Sequence[Step], there: Shelf) -> list[str]:
    """Takes over what the steps can have from other runs, under the lock of `store`.

    An artifact that cannot be taken, since it changed or is damaged, remains to be made.

    Returns:
        A sentence for each run that something was taken from.
    """
    taken: dict[Path, dict[str, None]] = {}
    for step in steps:
        if not step.taken:
            continue
        with _taking(store, step) as take:
            for part, run in step.taken.items():
                try:
                    take(part, *there[step.fingerprints[part]])
                except (OSError, UserError):
                    continue
                taken.setdefault(run, {})[step.name] = None
    return [f"{', '.join(names)}: taken from {run}" for run, names in taken.items()]


@contextmanager
def _taking(store: Store, step: Step) -> Iterator[Callable[[str, Path, Made], None]]:
    """Yields a function that takes a part of a step from its place."""
    if step.kind in ("synthetic", "outputs"):
        with Store(store.directory / step.test).writing(step.name, step.kind) as write:
            yield lambda part, place, made: write(part, read_jsonl(place), made)
    else:
        yield lambda _, place, made: store.link_model(step.name, place, made.fingerprint)
