"""One of several processes that train a stage; torchrun starts it (see launch.py) and it ends with the stage.

    python -m torch.distributed.run ... -m ontarget.pipeline.execution.worker JOB.json

Standard input has signal numbers, one per line; when it ends, the parent process has gone, and we exit.
"""

import json
import os
import select
import sys
import threading
from pathlib import Path
from typing import Any, NoReturn

from ontarget.deprecations import deprecations_unsaid
from ontarget.errors import UserError
from ontarget.files import full_disk_said
from ontarget.pipeline.execution import stages
from ontarget.pipeline.planning.artifacts import Store
from ontarget.pipeline.planning.inputs import load_corpus
from ontarget.recipes.loading import check
from ontarget.signals import Terminated, terminable

_FAILED = 1  # torchrun then ends the other processes


def main() -> None:
    """Trains the stage and reports the result."""
    first_here = os.environ["LOCAL_RANK"] == "0"
    threading.Thread(target=_obey, args=(first_here,), daemon=True).start()
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    try:
        with terminable(), deprecations_unsaid(), full_disk_said(Path(job["work"])):
            counts = _train(job)
    except UserError as error:
        _tell("error", str(error))
        sys.exit(_FAILED)
    except KeyboardInterrupt as request:
        _tell("stopped", 15 if isinstance(request, Terminated) else 2)
        sys.exit(_FAILED)
    if first_here:
        _tell("counts", counts)


def _train(job: dict[str, Any]) -> dict[str, Any]:
    import torch

    processes, gpus = int(os.environ["LOCAL_WORLD_SIZE"]), torch.cuda.device_count()
    if gpus and processes > gpus:
        raise UserError(
            f"--processes is {processes}, but this machine has {gpus} GPUs; use one process for each GPU"
        )
    recipe = check(job["recipe"], job["recipe"]["name"])
    counts = stages.make_model(
        recipe,
        job["stage"],
        load_corpus(recipe),
        job["start"],
        folder=Path(job["folder"]),
        work=Path(job["work"]),
        store=Store(Path(job["directory"])),
        update=lambda *progress: _tell("progress", progress),
    )
    torch.distributed.destroy_process_group()
    return counts


def _tell(what: str, value: Any) -> None:
    """Writes a line at once, so that lines of several processes never mix."""
    os.write(1, f"{json.dumps({'ontarget': [what, value]})}\n".encode())


def _obey(reads: bool) -> NoReturn:
    """Obeys signals in one process of this machine; the other processes only notice the end of input."""
    if reads:
        for line in sys.stdin:
            os.kill(os.getpid(), int(line))
    else:
        end = select.poll()
        end.register(0, 0)  # only the event that the other end is closed
        end.poll()
    os._exit(_FAILED)


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Communication threads of torch may still run, and would abort a process that unloads its libraries.
    os._exit(0)
