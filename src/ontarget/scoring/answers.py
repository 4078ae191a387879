"""Systems' answers as they are scored: lines of text, each with what it translates."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from ontarget.errors import UserError
from ontarget.languages import Direction, Language


class Line(NamedTuple):
    """One answer.

    Attributes:
        text: the hypothesis.
        source: what it translates, where that is known.
        references: human translations; the same number in every line.
        finish: why the model stopped, where that is known; `length` if it was cut off.
    """

    text: str
    source: str | None = None
    references: tuple[str, ...] = ()
    finish: str | None = None


@dataclass(frozen=True, slots=True)
class Answers:
    """What one system answered in one direction.

    Attributes:
        system: the system in a run, or the file's name.
        target: the language that was asked for.
        source: that of the source texts, where it is known.
        lines: read once, in order; there may be any number of them.
        path: where they lie.
    """

    system: str
    target: Language
    source: Language | None
    lines: Iterable[Line]
    path: str

    @property
    def direction(self) -> Direction | Language:
        """The direction, or the target alone where that is all that is known."""
        return Direction(self.source, self.target) if self.source else self.target


def is_outputs(path: Path) -> bool:
    """Whether a path is of the kind that `ontarget run` writes: a folder, or a file `<direction>.jsonl`."""
    return path.is_dir() or path.suffix == ".jsonl"


def read_outputs(path: Path) -> list[Answers]:
    """All answers of a run directory, its `outputs`, one system's folder in it, or one file of that.

    Raises:
        UserError: there are none, a file is not named after a direction, or a line is not what a run writes.
    """
    if path.suffix == ".jsonl":
        return [_answers(path)]
    root = path / "outputs" if (path / "outputs").is_dir() else path
    files = sorted(root.glob("*.jsonl")) or sorted(root.glob("*/*.jsonl"))
    if not files:
        raise UserError(
            f"'{path}' holds no outputs: a run's are in outputs/<system>/<direction>.jsonl, "
            "such as outputs/mt/it-nl.jsonl"
        )
    return [_answers(file) for file in files]


def _answers(file: Path) -> Answers:
    try:
        direction = Direction.parse(file.stem)
    except UserError as error:
        raise UserError(f"'{file}' must be named after its direction: {error}") from None
    return Answers(file.parent.name, direction.target, direction.source, list(_lines(file)), str(file))


def _lines(file: Path) -> Iterator[Line]:
    """The rows of one file. All of them have a reference, or none counts as having one."""
    from ontarget.corpora.plain import read_lines

    rows = [_row(file, number, text) for number, text in enumerate(read_lines(file), start=1)]
    referenced = all(isinstance(row.get("reference"), str) for row in rows)
    for row in rows:
        references = (row["reference"],) if referenced else ()
        yield Line(row["text"], row.get("source"), references, row.get("finish_reason"))


def _row(file: Path, number: int, text: str) -> dict[str, Any]:
    try:
        row = json.loads(text)
    except json.JSONDecodeError as error:
        raise UserError(f"'{file}', line {number}: not JSON ({error.msg})") from None
    if not isinstance(row, dict) or not isinstance(row.get("text"), str):
        raise UserError(f"'{file}', line {number}: there is no \"text\" in it, the hypothesis")
    return row
