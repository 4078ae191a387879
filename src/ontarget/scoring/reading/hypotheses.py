"""Systems' answers as they are scored: lines of text, each with what it translates."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.system_ids import current_id


class Line(NamedTuple):
    """One answer.

    Attributes:
        text: the hypothesis.
        source: what it translates, where that is known.
        references: human translations; the same number in every line.
        finish: why the model stopped, where that is known; `length` if it was cut off.
        response: the hypothesis with its line breaks, where it has any; `text` is then in one line.
    """

    text: str
    source: str | None = None
    references: tuple[str, ...] = ()
    finish: str | None = None
    response: str | None = None

    @property
    def whole(self) -> str:
        """The hypothesis as the model wrote it, in all of its lines."""
        return self.text if self.response is None else self.response


@dataclass(frozen=True, slots=True)
class Answers:
    """What one system answered in one direction.

    Attributes:
        system: the system in a run, or the file's name.
        target: the language that was asked for.
        source: that of the source texts, where it is known.
        lines: read once, in order; there may be any number of them.
        path: where they lie.
        of_run: whether a run wrote them.
        named: whether the file's name told system and language; a file that is neither is known by its path.
    """

    system: str
    target: Language
    source: Language | None
    lines: Iterable[Line]
    path: str
    of_run: bool = False
    named: bool = False

    @property
    def direction(self) -> Direction | Language:
        """The direction, or the target alone where that is all that is known."""
        return Direction(self.source, self.target) if self.source else self.target


def is_outputs(path: Path) -> bool:
    """Whether `ontarget run` wrote it: `<direction>.jsonl` whose rows have a `text`, or a folder of them.

    A file that is not there, or whose first row is broken, counts by its name: what is wrong with it is told
    when it is read.
    """
    files = [path]
    if path.is_dir():
        if (path / "recipe.yaml").is_file():  # a run that has no outputs yet, perhaps
            return True
        files = _files(path)
    return any(_direction(file) is not None and _has_text(file) for file in files)


def _files(folder: Path) -> list[Path]:
    """The rows of a run directory, its `outputs`, or one system's folder in it."""
    root = folder / "outputs" if (folder / "outputs").is_dir() else folder
    return sorted(root.glob("*.jsonl")) or sorted(root.glob("*/*.jsonl"))


def read_outputs(path: Path) -> list[Answers]:
    """All answers of a run directory, its `outputs`, one system's folder in it, or one file of that.

    Raises:
        UserError: there are none, a file is not named after a direction, or a line is not what a run writes.
    """
    if not path.is_dir():
        return [_answers(path)]
    files = _files(path)
    if not files:
        raise UserError(
            f"'{path}' holds no outputs: a run's are in outputs/<system>/<direction>.jsonl, "
            "such as outputs/mt/it-nl.jsonl"
        )
    return [_answers(file) for file in files]


def _direction(path: Path) -> Direction | None:
    try:
        return Direction.parse(path.stem) if path.suffix == ".jsonl" else None
    except UserError:
        return None


def _has_text(file: Path) -> bool:
    from ontarget.corpora.json_text import parsed
    from ontarget.corpora.plain import lines_of

    try:
        row = parsed(next(lines_of(file)), "")
    except UserError:
        return True
    return isinstance(row, dict) and "text" in row


def _answers(file: Path) -> Answers:
    try:
        direction = Direction.parse(file.stem)
    except UserError as error:
        raise UserError(
            f"'{file}' must be named after its direction: {error}; or give the file itself, with --to"
        ) from None
    folder = file.absolute().parent
    system = current_id(folder.name) if folder.parent.name == "outputs" else file.parent.name
    return Answers(system, direction.target, direction.source, list(_lines(file)), str(file), True)


def _lines(file: Path) -> Iterator[Line]:
    """The rows of one file. All of them have a reference, or none counts as having one."""
    from ontarget.corpora.plain import lines_of

    rows = [_row(f"'{file}', line {number}", text) for number, text in enumerate(lines_of(file), start=1)]
    referenced = all(isinstance(row.get("reference"), str) for row in rows)
    for row in rows:
        references = (row["reference"],) if referenced else ()
        yield Line(row["text"], row.get("source"), references, row.get("finish_reason"))


def _row(where: str, text: str) -> dict[str, Any]:
    from ontarget.corpora.json_text import parsed

    row = parsed(text, where, "make the run's outputs again")
    if not isinstance(row, dict) or not isinstance(row.get("text"), str):
        raise UserError(f'{where}: there is no "text" in it, the hypothesis')
    for key in ("source", "finish_reason"):
        if not isinstance(row.get(key), str | None):
            raise UserError(f'{where}: "{key}" is not text')
    return row
