"""One of several processes that train a stage: started by torchrun (see launch.py), it ends with the stage.

    python -m torch.distributed.run ... -m ontarget.pipeline.execution.worker JOB.json

Standard input carries the numbers of signals, one a line; at its end whoever started us is gone: so are we.
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

_FAILED = 1  # torchrun then ends the others


def main() -> None:
    """Does the job; says what came of it."""
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
        raise UserError(f"--processes is {processes}, but this machine has {gpus} GPUs: at most one for each")
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
    """One line in one write, so that lines of several processes never mix."""
    os.write(1, f"{json.dumps({'ontarget': [what, value]})}\n".encode())


def _obey(reads: bool) -> NoReturn:
    """One process of this machine reads what is sent; the others see the end alone."""
    if reads:
        for line in sys.stdin:
            os.kill(os.getpid(), int(line))
    else:
        end = select.poll()
        end.register(0, 0)  # no event but that nobody holds the other end
        end.poll()
    os._exit(_FAILED)


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads of torch's communication may still run, and abort a process that takes its libraries down.
    os._exit(0)
