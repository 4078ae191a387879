"""Hypotheses to score, line by line with their sources and references, and the outputs of a run."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.system_ids import current_id


class HypothesisLine(NamedTuple):
    """One hypothesis.

    Attributes:
        text: the hypothesis in one line.
        source: the source, if known.
        references: human translations; the same number in every line.
        finish: why the model stopped, if known; `length` if the hypothesis was cut off.
        response: the hypothesis with its line breaks, if it has any.
    """

    text: str
    source: str | None = None
    references: tuple[str, ...] = ()
    finish: str | None = None
    response: str | None = None

    @property
    def whole(self) -> str:
        """The hypothesis as the model wrote it, with its line breaks."""
        return self.text if self.response is None else self.response


@dataclass(frozen=True, slots=True)
class Hypotheses:
    """The hypotheses of one system in one direction.

    Attributes:
        system: the system's name in a run, or the file's name.
        target: the target language.
        source: the language of the sources, if known.
        lines: any number of lines in order; read once.
        path: the file.
        of_run: whether a run wrote the file.
        named: whether system and language come from the file's name. If this and `of_run` are false, output
            names the file by its path.
    """

    system: str
    target: Language
    source: Language | None
    lines: Iterable[HypothesisLine]
    path: str
    of_run: bool = False
    named: bool = False

    @property
    def direction(self) -> Direction | Language:
        """The direction, or the target alone if the source language is unknown."""
        return Direction(self.source, self.target) if self.source else self.target


def is_outputs(path: Path) -> bool:
    """Whether `ontarget run` wrote a path: `<direction>.jsonl` whose rows have a `text`, or a folder.

    A file that is missing, or whose first row is broken, counts by its name; reading it reports the mistake.
    """
    files = [path]
    if path.is_dir():
        if (path / "recipe.yaml").is_file():  # a run that has no outputs yet, perhaps
            return True
        files = _files(path)
    return any(_direction(file) is not None and _has_text(file) for file in files)


def _files(folder: Path) -> list[Path]:
    """The output files of a run directory, its folder `outputs`, or one system's folder."""
    root = folder / "outputs" if (folder / "outputs").is_dir() else folder
    return sorted(root.glob("*.jsonl")) or sorted(root.glob("*/*.jsonl"))


def read_outputs(path: Path) -> list[Hypotheses]:
    """All hypotheses in a run directory, its folder `outputs`, one system's folder, or one file.

    Raises:
        UserError: there are no outputs, a file is not named after a direction, or a line is invalid.
    """
    if not path.is_dir():
        return [_hypotheses(path)]
    files = _files(path)
    if not files:
        raise UserError(
            f"'{path}' has no outputs; a run writes them to outputs/<system>/<direction>.jsonl, "
            "such as outputs/mt/it-nl.jsonl"
        )
    return [_hypotheses(file) for file in files]


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


def _hypotheses(file: Path) -> Hypotheses:
    try:
        direction = Direction.parse(file.stem)
    except UserError as error:
        raise UserError(
            f"'{file}' must be named after its direction: {error}; or give the file itself, with --to"
        ) from None
    folder = file.absolute().parent
    system = current_id(folder.name) if folder.parent.name == "outputs" else file.parent.name
    return Hypotheses(system, direction.target, direction.source, list(_lines(file)), str(file), True)


def _lines(file: Path) -> Iterator[HypothesisLine]:
    """The rows of one file. References count only if all rows have one."""
    from ontarget.corpora.plain import lines_of

    rows = [_row(f"'{file}', line {number}", text) for number, text in enumerate(lines_of(file), start=1)]
    referenced = all(isinstance(row.get("reference"), str) for row in rows)
    for row in rows:
        references = (row["reference"],) if referenced else ()
        yield HypothesisLine(row["text"], row.get("source"), references, row.get("finish_reason"))


def _row(where: str, text: str) -> dict[str, Any]:
    from ontarget.corpora.json_text import parsed

    row = parsed(text, where, "make the run's outputs again")
    if not isinstance(row, dict) or not isinstance(row.get("text"), str):
        raise UserError(f'{where}: the key "text", the hypothesis, is missing')
    for key in ("source", "finish_reason"):
        if not isinstance(row.get(key), str | None):
            raise UserError(f'{where}: "{key}" is not text')
    return row
