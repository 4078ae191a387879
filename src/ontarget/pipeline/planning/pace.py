"""What finished steps took: it corrects the estimates of others of their kind, with models of the same size.

Each artifact's record has the work that was counted for it, and the seconds that it would have taken on an
idle machine. So a step in another run, of another recipe or under another name, says how fast this machine
does such work, even if other programs ran beside it.
"""

from collections.abc import Callable, Collection, Mapping
from importlib.util import find_spec
from typing import Any

from ontarget.pipeline.planning.model_size import ModelSize, size_in
from ontarget.pipeline.planning.probe import Speeds
from ontarget.pipeline.planning.shelf import Shelf
from ontarget.pipeline.planning.step import Step
from ontarget.pipeline.planning.work import Counter, Work

Paces = Mapping[tuple[bool, str], list[tuple[Work, float]]]
"""Whether it is training, and the shape of the model -> the work and the seconds of finished steps."""


def work_record(counter: Counter, step: Step, parts: Collection[str]) -> dict[str, Any] | None:
    """The work of parts of a step for their record; None if the size of the model is unknown."""
    size = size_in(counter.plan, counter.model(step))
    if size is None:
        return None
    from ontarget.hardware import machine_name

    return {**counter.work(step, parts).to_dict(), "model": size.shape, "machine": machine_name()}


def stopwatch() -> Callable[[], float]:
    """Measures how many seconds the work of this thread takes on an idle machine, from now on."""
    from ontarget.hardware import busy_seconds

    began = busy_seconds()
    return lambda: busy_seconds() - began


def paces(there: Shelf, threads: int | None = None) -> Paces:
    """The paces of the artifacts that were made on this machine with some number of threads."""
    if find_spec("torch") is None:
        return {}
    from ontarget.hardware import machine_name

    machine = machine_name(threads)
    found: dict[tuple[bool, str], list[tuple[Work, float]]] = {}
    for made in (made for _, made in there.values()):
        if made.work and made.seconds and made.work.get("machine") == machine:
            work = Work.of_dict(made.work)
            seconds = float(made.work.get("seconds", made.seconds))
            found.setdefault((work.trained > 0, str(made.work.get("model"))), []).append((work, seconds))
    return found


def correction(known: Paces, kind: str, size: ModelSize, speeds: Speeds) -> float:
    """The factor by which steps took longer than `speeds` say; 1 if none is known."""
    finished = known.get((kind == "model", size.shape), ())
    said = [work.seconds(speeds) for work, _ in finished]
    # By their sums: long steps say more than short ones.
    return sum(seconds for _, seconds in finished) / sum(said) if sum(said) else 1.0
