"""One of several processes that make the steps of a run; `workers.py` starts it.

    python -m ontarget.pipeline.execution.step_worker JOB.json

Standard input has a line of JSON for each step, `{"step": {...}, "threads": 2}`, and one for each signal to
obey, `{"signal": 2}`. When it ends, the parent process has gone, and we exit. Messages about a step are lines
of JSON on standard output; the last one of a step is `made`, `error` or `stopped`.
"""

import json
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from queue import SimpleQueue
from typing import Any, NoReturn

from ontarget.deprecations import deprecations_unsaid
from ontarget.errors import UserError
from ontarget.files import full_disk_said
from ontarget.pipeline.execution.launch import Launch
from ontarget.pipeline.execution.making import Maker
from ontarget.pipeline.execution.progress import Advance
from ontarget.pipeline.planning.artifacts import Store
from ontarget.pipeline.planning.inputs import load_corpus
from ontarget.pipeline.planning.plan import Plan
from ontarget.pipeline.planning.step import Step
from ontarget.recipes.loading import check
from ontarget.signals import terminable

_FAILED = 1


def main() -> NoReturn:
    """Makes one step after another until standard input ends."""
    steps = SimpleQueue[dict[str, Any]]()
    threading.Thread(target=_listen, args=(steps,), daemon=True).start()
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    maker: Maker | None = None
    with terminable(), deprecations_unsaid():
        while True:
            try:
                order = steps.get()
                with full_disk_said(Path(job["directory"])):
                    maker = maker or _maker(job)
                    _use_threads(order["threads"])
                    maker.make(Step(made={}, **order["step"]))
                _tell("made")
            except UserError as error:
                _tell("error", str(error))
            except KeyboardInterrupt:
                _tell("stopped")


def _maker(job: dict[str, Any]) -> Maker:
    recipe = check(job["recipe"], job["recipe"]["name"])
    plan = Plan(recipe, load_corpus(recipe), Store(Path(job["directory"])))
    return Maker(plan, _Told(), Launch(), timed=job["timed"])


def _use_threads(share: int | None) -> None:
    """Makes torch compute with a share of the threads, or with all that it takes by itself."""
    if find_spec("torch"):
        import torch

        all_threads = _threads_of_torch()  # before they are changed
        torch.set_num_threads(share or all_threads)


@cache
def _threads_of_torch() -> int:
    import torch

    return torch.get_num_threads()


class _Told:
    """Tells the parent process of messages and progress."""

    def say(self, line: str) -> None:
        _tell("say", line)

    @contextmanager
    def task(self, what: str) -> Iterator[Advance]:
        _tell("task", what)
        yield lambda done, total, note: _tell("advance", [done, total, note])
        _tell("task done")


def _tell(what: str, value: Any = None) -> None:
    os.write(1, f"{json.dumps({'ontarget': [what, value]})}\n".encode())


def _listen(steps: "SimpleQueue[dict[str, Any]]") -> NoReturn:
    """Passes on the steps, and obeys signals at once."""
    for line in sys.stdin:
        order = json.loads(line)
        if "signal" in order:
            os.kill(os.getpid(), order["signal"])
        else:
            steps.put(order)
    os._exit(_FAILED)


if __name__ == "__main__":
    main()
