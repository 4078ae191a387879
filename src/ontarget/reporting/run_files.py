"""Reads a run directory into plain dataclasses: scores, outputs, training log and recipe."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Self, get_args

import yaml

from ontarget.errors import UserError
from ontarget.former_names import current
from ontarget.reporting.details import Details
from ontarget.reporting.logs import LogRecord, read_logs
from ontarget.reporting.models import about_models
from ontarget.reporting.systems import REFERENCE, base_model_name, display_name, in_table_order
from ontarget.reporting.text_files import lines_of, read_text, remedy
from ontarget.reporting.times import Times, read_times
from ontarget.system_ids import BASE, current_id, outputs_folder
from ontarget.yaml_text import read_yaml

Kind = Literal["zero-shot", "supervised"]
KINDS: tuple[Kind, ...] = get_args(Kind)
AVERAGE = "avg"


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """One object of `scores.json`.

    Attributes:
        direction: `avg` for the mean over the directions of its kind.
        low: the lower end of the score's 95 % interval, if it has one.
        high: the upper end.
        deviation: the standard deviation of a mean over seeds; `series.py` computes it, and no file has it.
    """

    system: str
    direction: str
    kind: Kind
    metric: str
    value: float
    n: int
    signature: str
    low: float | None = None
    high: float | None = None
    deviation: float | None = None


@dataclass(frozen=True)
class Scores:
    """All rows of `scores.json`, with the look-ups that tables and figures need.

    Attributes:
        base_model: the name of the base model, if it is known.
        about_models: a sentence on the names and sizes of the models, if they are known.
    """

    rows: tuple[ScoreRow, ...]
    base_model: str = ""
    about_models: str = ""

    @classmethod
    def of(cls, objects: Iterable[Mapping[str, Any]], where: str = "scores") -> Self:
        """Takes the parsed JSON list; keys that `ScoreRow` does not have are ignored.

        Raises:
            UserError: a key is missing or a kind is unknown; the message names the row of `where`.
        """
        names = [field.name for field in fields(ScoreRow)]
        needed = [field.name for field in fields(ScoreRow) if field.default is MISSING]
        rows = []
        for number, row in enumerate(objects, start=1):
            missing = [name for name in needed if name not in row]
            if missing:
                raise UserError(f"{where}, row {number}: the key {missing[0]!r} is missing")
            if row["kind"] not in KINDS:
                raise UserError(
                    f"{where}, row {number}: kind is {row['kind']!r}, not one of {', '.join(KINDS)}"
                )
            found = {name: row[name] for name in names if name in row}
            rows.append(ScoreRow(**found | {"system": current_id(row["system"])}))
        return cls(tuple(rows))

    @classmethod
    def read(cls, path: Path) -> Self:
        """Reads a `scores.json`.

        Raises:
            UserError: the file is missing or is not what `ontarget run` writes.
        """
        text = read_text(path)
        try:
            objects = json.loads(text)
        except json.JSONDecodeError as error:
            raise UserError(
                f"{path}, line {error.lineno}: not JSON ({error.msg}); {remedy(path.parent)}"
            ) from None
        if not (isinstance(objects, list) and all(isinstance(row, dict) for row in objects)):
            raise UserError(f"{path} is not a list of scores; {remedy(path.parent)}")
        return cls.of(objects, str(path))

    @cached_property
    def _by_place(self) -> dict[tuple[str, str, str, str], ScoreRow]:
        return {(row.system, row.direction, row.kind, row.metric): row for row in self.rows}

    @cached_property
    def systems(self) -> tuple[str, ...]:
        """The systems in table order, without the reference."""
        return in_table_order(row.system for row in self.rows if row.system != REFERENCE)

    def name(self, system: str) -> str:
        """The printed name of a system; for `base` the name of the base model, if it is known."""
        return self.base_model if system == BASE and self.base_model else display_name(system)

    @property
    def kind(self) -> Kind:
        """The kind that headline and figures show: zero-shot, or supervised if no direction is zero-shot."""
        return "zero-shot" if any(row.kind == "zero-shot" for row in self.rows) else "supervised"

    def directions(self, kind: Kind) -> tuple[str, ...]:
        """The directions of one kind, in the order of the file, without `avg`."""
        return tuple(
            dict.fromkeys(r.direction for r in self.rows if r.kind == kind and r.direction != AVERAGE)
        )

    def value(self, system: str, metric: str, kind: Kind, direction: str = AVERAGE) -> float | None:
        """One score (percent, or BLEU points), or None if the run does not have it."""
        row = self.row(system, metric, kind, direction)
        return None if row is None else row.value

    def row(self, system: str, metric: str, kind: Kind, direction: str = AVERAGE) -> ScoreRow | None:
        """One score with its interval, or None if the run does not have it."""
        return self._by_place.get((system, direction, kind, metric))


@dataclass(frozen=True, slots=True)
class OutputLine:
    """One line of `outputs/<system>/<direction>.jsonl`: a hypothesis with its source and reference.

    Attributes:
        language: the identifier's label of the hypothesis, such as `it`.
        language_probability: the identifier's probability of that label, 0 to 1.
    """

    source: str
    reference: str | None
    text: str
    finish_reason: str
    language: str
    language_probability: float


@dataclass(frozen=True, slots=True)
class RunFiles:
    """The files of a run directory, except outputs, which are read one file at a time (`outputs`).

    Attributes:
        second: the results of the second test, in a folder with its name; None if the run has none.
    """

    directory: Path
    recipe_text: str
    recipe: Mapping[str, Any]
    scores: Scores
    log: Mapping[str, tuple[LogRecord, ...]]
    details: Details
    times: Times
    second: "RunFiles | None" = None

    @property
    def name(self) -> str:
        """The name of the run: that of its directory."""
        return self.directory.resolve().name

    @property
    def versions(self) -> Mapping[str, str]:
        """The versions in `recipe.yaml`: package -> version, and the git commit if there is one."""
        versions = {str(name): str(version) for name, version in (self.recipe.get("versions") or {}).items()}
        return versions | ({"commit": str(self.recipe["commit"])} if self.recipe.get("commit") else {})

    def outputs(self, system: str, direction: str) -> list[OutputLine]:
        """Reads the outputs of one system in one direction, in input order.

        Raises:
            UserError: the file is missing, or a line is not what `ontarget run` writes.
        """
        path = outputs_folder(self.directory / "outputs", system) / f"{direction}.jsonl"
        names = [field.name for field in fields(OutputLine)]
        outputs = []
        for number, line in enumerate(lines_of(read_text(path, self.directory)), start=1):
            try:
                row = json.loads(line)
                outputs.append(OutputLine(**{name: row[name] for name in names}))
            except (json.JSONDecodeError, KeyError, TypeError) as error:
                what = f"the key {error} is missing" if isinstance(error, KeyError) else "not a JSON object"
                raise UserError(f"{path}, line {number}: {what}; {remedy(self.directory)}") from None
        return outputs


def read(directory: Path) -> RunFiles:
    """Reads a run directory; logs are missing if nothing was trained.

    Raises:
        UserError: the directory, `recipe.yaml` or `scores.json` is missing or damaged; the message names the
            command that makes it.
    """
    if not directory.is_dir():
        raise UserError(f"there is no run directory {directory}; {remedy(directory)}")
    recipe_text, recipe = _read_recipe(directory)
    scores = _scores(directory, directory, recipe)
    logs = read_logs(directory)
    order = [stage for stage in recipe.get("stages") or {} if stage in logs]
    log = {stage: logs[stage] for stage in dict.fromkeys([*order, *logs])}
    second = None
    if folder := _second_test(directory, recipe):
        of_second = _scores(folder, directory, recipe)
        times = read_times(folder)
        second = RunFiles(folder, recipe_text, recipe, of_second, {}, Details.read(folder), times)
    return RunFiles(
        directory, recipe_text, recipe, scores, log, Details.read(directory), read_times(directory), second
    )


def read_scores(directory: Path) -> Scores:
    """Reads the scores of a run directory, with the names and sizes of its models.

    Raises:
        UserError: `recipe.yaml` or `scores.json` is missing or damaged.
    """
    _, recipe = _read_recipe(directory)
    return _scores(directory, directory, recipe)


def read_second_scores(directory: Path) -> tuple[str, Scores] | None:
    """The name and the scores of the second test of a run directory; None if it has none.

    Raises:
        UserError: `recipe.yaml` or the scores are damaged.
    """
    _, recipe = _read_recipe(directory)
    folder = _second_test(directory, recipe)
    return (folder.name, _scores(folder, directory, recipe)) if folder else None


def _second_test(directory: Path, recipe: Mapping[str, Any]) -> Path | None:
    """The folder with the results of the second test, if the recipe has one that was scored."""
    name = recipe.get("second_test")
    folder = directory / name if isinstance(name, str) and name else None
    return folder if folder and (folder / "scores.json").exists() else None


def _scores(folder: Path, run: Path, recipe: Mapping[str, Any]) -> Scores:
    """The scores in a folder of a run, with the names and sizes of its models."""
    scores = replace(Scores.read(folder / "scores.json"), base_model=base_model_name(recipe))
    return replace(scores, about_models=about_models(run, recipe, scores.systems, scores.name))


def _read_recipe(directory: Path) -> tuple[str, dict[str, Any]]:
    text = read_text(directory / "recipe.yaml")
    try:
        recipe = read_yaml(text)
    except yaml.YAMLError as error:
        raise UserError(f"{directory / 'recipe.yaml'} is not YAML: {' '.join(str(error).split())}") from None
    return text, current(recipe) if isinstance(recipe, dict) else {}
