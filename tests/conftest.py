"""What all tests share."""

import gc
import os
import signal
import sys
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("ontarget", deadline=None)  # no test of ours is timed
settings.load_profile("ontarget")


# Thousands of tests in a process: memory that one has freed is given back (see hardware.keep_freed_memory).
os.environ.setdefault("MALLOC_TRIM_THRESHOLD_", str(128 * 1024))

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs have it ignored


def pytest_collection_finish() -> None:
    """What the libraries hold after their import stays: no collection looks through it again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What tests put into the cache goes with them."""
    os.environ["ONTARGET_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real parallel text; skips the test where there is none."""
    folder = Path(os.environ.get("ONTARGET_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"needs real text: set ONTARGET_DATA to its folder ({folder} does not exist)")
    return folder


_COMET = """#!{python}
import json, sys

options = dict(zip(sys.argv[1::1], sys.argv[2::1]))
if options["--model"] == "broken":
    sys.exit("Traceback\\n  of some sort\\nOSError: no such model")
with open({log!r}, "a") as log:
    log.write(json.dumps(sys.argv[1:]) + "\\n")
lines = {{key: open(options[key], encoding="utf-8").read().split("\\n")[:-1] for key in ("-s", "-t")}}
segments = [
    {{"src": source, "mt": mt, "COMET": 0.95 if mt == source else 0.5 + 0.01 * len(mt.split())}}
    for source, mt in zip(lines["-s"], lines["-t"], strict=True)
]
json.dump({{options["-t"]: segments[options["--model"] == "short":]}}, open(options["--to_json"], "w"))
"""


@pytest.fixture
def comet_environment(tmp_path: Path) -> Path:
    """A virtual environment with a `comet-score` that likes copies of the source, as the real one does.

    Of anything else it takes 0.5 and a hundredth for each word. What it was called with is in `calls`.
    """
    folder = tmp_path / "comet-environment"
    (folder / "bin").mkdir(parents=True)
    program = folder / "bin" / "comet-score"
    program.write_text(_COMET.format(python=sys.executable, log=str(folder / "calls")), encoding="utf-8")
    program.chmod(0o755)
    (folder / "lib" / "python3.11" / "site-packages" / "unbabel_comet-2.2.6.dist-info").mkdir(parents=True)
    return folder
