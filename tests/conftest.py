"""What all tests share."""

import os
import signal
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("ontarget", deadline=None)  # no test of ours is timed
settings.load_profile("ontarget")


signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs have it ignored


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
