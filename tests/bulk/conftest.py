"""A translator without a model, for tests of what is around it."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from ontarget.bulk.job import BulkJob
from ontarget.bulk.local import Advance, Translate, in_this_process
from ontarget.bulk.translate import BulkResult, translate_files
from ontarget.checked.verdict import Checked, Verdict
from ontarget.languages import Direction
from ontarget.translation.hypothesis import Hypothesis

DIRECTION = Direction.parse("de-fr")


class Upper:
    """Translates into capitals; a line that begins with `long` is too long, one with `off` off-target.

    Attributes:
        shards: the shards that were asked for.
        stop_at: a text that raises an exception.
    """

    def __init__(self, stop_at: str | None = None, error: type[BaseException] = KeyboardInterrupt) -> None:
        self.shards: list[list[str]] = []
        self.stop_at, self.error = stop_at, error

    def __call__(self, texts: Sequence[str], *, progress: Advance | None = None) -> list[Checked]:
        if self.stop_at in texts:
            raise self.error("stopped here")
        self.shards.append(list(texts))
        if progress is not None:
            progress(len(texts), len(texts))
        return [self._one(text) for text in texts]

    def _one(self, text: str) -> Checked:
        long = text.startswith("long")
        found = Hypothesis("", "too-long", 0.0, 0, 99) if long else Hypothesis(text.upper(), "stop", -1.0, 3)
        outcome = "off_target" if text.startswith("off") else "on_target"
        return Checked(text, DIRECTION, found, Verdict(outcome, "fr", 0.9))


class Silent:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.progress: list[tuple[int, int]] = []

    def say(self, line: str) -> None:
        self.said.append(line)

    def advance(self, done: int, total: int) -> None:
        self.progress.append((done, total))


class Bench:
    """Carries out jobs in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.reporter = Silent()

    def job(self, *names: str, out: str = "out", **changes: object) -> BulkJob:
        settings = {"--model": "m", "--num-beams": 4}
        paths = [str(self.folder / name) for name in names]
        return BulkJob(
            **{"names": paths, "out": self.folder / out, "settings": settings, "target": "fr"} | changes
        )  # type: ignore[arg-type]

    def run(self, job: BulkJob, translate: Translate | None = None) -> BulkResult:
        self.reporter = Silent()
        return translate_files(job, lambda _: in_this_process(translate or Upper()), self.reporter)

    def write(self, **texts: str) -> None:
        for name, text in texts.items():
            (self.folder / name).write_text(text, encoding="utf-8")

    def read(self, name: str) -> str:
        return (self.folder / name).read_bytes().decode()

    @property
    def left(self) -> list[str]:
        """The names in the folder."""
        return sorted(path.name for path in self.folder.iterdir())


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture
def small_shards(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Makes all shards have a number of lines."""

    def set_to(lines: int) -> None:
        monkeypatch.setattr("ontarget.bulk.pace.SMALLEST", lines)
        monkeypatch.setattr("ontarget.bulk.pace.LARGEST", lines)
        monkeypatch.setattr("ontarget.bulk.pace._STEP", 1)

    return set_to
