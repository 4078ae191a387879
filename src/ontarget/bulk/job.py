"""A bulk translation: what it is about, and its files until the end."""

import errno
import json
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ontarget.bulk.inputs import STANDARD_INPUT, BulkInput, check_report, compressor, readable
from ontarget.bulk.journal import Journal
from ontarget.bulk.parquet import check_parquet, write_parquet
from ontarget.bulk.reading import BulkFile, keep_stream
from ontarget.bulk.shards import TranslatedShard
from ontarget.checked.summary import Summary
from ontarget.checked.verdict import Checked, report_row
from ontarget.errors import UserError
from ontarget.files import whole_file
from ontarget.text import in_one_line

LINES = "lines"
"""The folder of the outputs that grow, in the folder of a job."""
_REPORT = "report.jsonl"
_BEFORE_JOURNAL = re.compile(r"\.lock|input-\d+|\.journal\.jsonl\..+")  # what a job writes first


@dataclass(frozen=True, slots=True)
class BulkJob:
    """What to translate, and where to.

    Attributes:
        names: files, folders and pipes; `-`, or no name at all, is standard input.
        out: the file for the translation, or a folder if there are several inputs.
        settings: the values that decide the translations, by the names that messages use. A job with other
            settings does not go on with the files of an earlier one.
        target: the target language, which names the new column of a Parquet file.
        column: the column of Parquet to translate; None for the only text column.
        report: a file for the verdicts, one JSON object per line; None for no report.
        overwrite: whether outputs, and an unfinished job with other settings, are replaced.
    """

    names: Sequence[str]
    out: Path
    settings: Mapping[str, Any]
    target: str
    column: str | None = None
    report: Path | None = None
    overwrite: bool = False

    @property
    def folder(self) -> Path:
        """The folder for its files until the end, beside the output."""
        out = self.out.resolve()
        return out.with_name(f"{out.name}.part")


class JobFiles:
    """The files of a job: its inputs, the outputs that grow, and the journal.

    Everything is read once before any work, so that a fault in the last line of an input is found at once.

    Args:
        job: what to translate.
        inputs: its inputs.
    Raises:
        UserError: an input cannot be read, an output exists, or the folder has an unfinished job that is not
            this one.

    Attributes:
        noun: the word for a line in the summary.
        files: the inputs.
        surveys: what a first pass over each of them found.
        lines: the number of lines of each.
        journal: how far the job has got.
        summary: the summary of all finished lines.
        failed: number of lines that could not be translated.
    """

    noun = "line"

    def __init__(self, job: BulkJob, inputs: Sequence[BulkInput]) -> None:
        self._job, self._inputs = job, inputs
        self.journal = Journal(job.folder)
        copies = [job.folder / f"input-{index}" for index in range(len(inputs))]
        try:
            self._check_outputs()
            self._check_settings()
            self.files = [self._readable(one, copy) for one, copy in zip(inputs, copies, strict=True)]
            if not self.journal.complete:
                self._check_parquet()
                self._survey()
        except BaseException:
            for copy in copies:
                copy.unlink(missing_ok=True)
            raise
        before = self.journal.last.get("summary")
        self.summary = Summary(noun=self.noun) if before is None else Summary.of_dict(before, self.noun)
        self.failed: int = self.journal.last.get("failed", 0)

    @property
    def total(self) -> int:
        """The number of lines of all inputs."""
        return sum(self.lines)

    def add(self, translated: TranslatedShard) -> None:
        """Writes a translated shard."""
        results, report = translated.results, list[dict[str, Any]]()
        if len(results) != len(translated.shard.texts):
            raise ValueError(f"{len(results)} translations of {len(translated.shard.texts)} lines")
        parts, names = {}, (self.journal.header or {})["names"]  # an input may have moved since
        for index, line, place in translated.shard.pieces():
            one = self._inputs[index]
            text = "".join(f"{in_one_line(result.text)}\n" for result in results[place])
            parts[f"{LINES}/{one.key}"] = compressor(one.target)(text.encode())
            rows = (report_row(number, result) for number, result in enumerate(results[place], line))
            error = {"error": translated.error} if translated.error else {}
            report += [{"file": names[index], **row, **error} for row in rows]
        self.failed += len(results) if translated.error else 0
        self._add(parts, report, results, len(results))

    def _add(
        self,
        parts: Mapping[str, bytes],
        report: Sequence[Mapping[str, Any]],
        results: Sequence[Checked],
        lines: int,
    ) -> None:
        """Writes parts of files and rows of the report, and notes them and the summary in the journal."""
        if self._job.report is not None:
            rows = "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in report)
            parts = {**parts, _REPORT: rows.encode()}
        self.summary.add(results)
        self.journal.add(parts, lines, summary=self.summary.to_dict(), failed=self.failed)

    def move_to_places(self) -> None:
        """Moves the finished files to their places, and removes the folder of the job."""
        for one, file in zip(self._inputs, self.files, strict=True):
            finished = self._job.folder / LINES / one.key
            if not finished.exists():
                continue  # moved before a kill
            if one.makes_parquet:
                write_parquet(file, finished, one.target, self._job.target)
            else:
                _move(finished, one.target)
        report = self._job.folder / _REPORT
        if self._job.report is not None and report.exists():
            _move(report, self._job.report)
        shutil.rmtree(self._job.folder)

    def _check_outputs(self) -> None:
        if self._job.report is not None:
            check_report(self._job.report, self._job.names, self._inputs, self._job.folder)
        for target in [one.target for one in self._inputs] * (not self.journal.complete):
            if target.exists() and not self._job.overwrite:
                raise UserError(f"'{target}' exists; choose another path, or add --overwrite to replace it")

    def _check_settings(self) -> None:
        """Compares the job with an unfinished one in the folder, and makes room for it if it may."""
        folder, header = self._job.folder, self.journal.header
        if not self.journal.exists:
            # A kill while standard input was copied leaves a part of it, before there is a journal.
            others = [path.name for path in folder.iterdir() if not _BEFORE_JOURNAL.fullmatch(path.name)]
            if others:  # not ours
                raise UserError(f"'{folder}' holds other files ({others[0]}), move it away")
            return
        if header is None or not {"settings", "inputs", "names"} <= header.keys():
            self._replace("with a damaged journal; move it away")
            return
        now = self._settings()
        names = dict.fromkeys([*header["settings"], *now])
        changed = [name for name in names if header["settings"].get(name) != now.get(name)]
        if changed:
            what = ", ".join(f"{name} {_shown(header['settings'].get(name))}" for name in changed)
            self._replace(f"with {what}; give the same options to finish it")

    def _survey(self) -> None:
        """Reads the inputs, compares them with those of an unfinished job, and begins or resumes."""
        self.surveys = [file.survey() for file in self.files]
        self.lines = [survey.lines for survey in self.surveys]
        self._check_surveys()
        inputs = [[one.key, survey.sha256] for one, survey in zip(self._inputs, self.surveys, strict=True)]
        names = [readable(one.path) for one in self._inputs]
        if self.journal.header is not None and self.journal.header["inputs"] != inputs:
            self._replace(f"of {self._former(inputs, names)}; give the same input to finish it")
        if self.journal.header is not None:
            self.journal.resume()
            return
        self.journal.begin({"settings": self._settings(), "inputs": inputs, "names": names})
        empty = [one for one, count in zip(self._inputs, self.lines, strict=True) if not count]
        if empty:
            self.journal.add({f"{LINES}/{one.key}": compressor(one.target)(b"") for one in empty}, 0)

    def _check_surveys(self) -> None:
        """Finds what makes the inputs unfit for the job, before it begins."""
        if not self.total:
            raise UserError(f"{self._inputs[0].name} is empty; it must have one segment per line")

    def _former(self, inputs: Sequence[Sequence[str]], names: Sequence[str]) -> str:
        """What an unfinished job translated instead of these inputs: the first that differs, if any."""
        header = self.journal.header or {}
        entries = zip(header["inputs"], header["names"], strict=True)
        before = {key: (sha256, name) for (key, sha256), name in entries}
        for (key, sha256), name in zip(inputs, names, strict=True):
            former, called = before.get(key, (sha256, name))
            if former != sha256:
                shown = "standard input" if called == STANDARD_INPUT else f"'{called}'"
                return f"{shown} with other content" if called == name else shown
        return "other inputs"

    def _replace(self, which: str) -> None:
        """Removes an unfinished job that differs.

        Raises:
            UserError: the user has not allowed it.
        """
        folder = self._job.folder
        if not self._job.overwrite:
            raise UserError(
                f"'{folder}' is an unfinished translation {which}, or add --overwrite to begin this one"
            )
        for path in [path for path in folder.iterdir() if path.name != ".lock"]:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        self.journal = Journal(folder)

    def _settings(self) -> dict[str, Any]:
        own = {"--column": self._job.column, "--report": self._job.report is not None}
        found: dict[str, Any] = json.loads(json.dumps({**self._job.settings, **own}))
        return found

    def _check_parquet(self) -> None:
        for one, file in zip(self._inputs, self.files, strict=True):
            if one.makes_parquet:
                check_parquet(file, one.target, self._job.target)

    def _readable(self, one: BulkInput, copy: Path) -> BulkFile:
        if one.is_stream and not self.journal.complete:
            keep_stream(one, copy)
        return BulkFile(copy if one.is_stream else one.path, one.name, self._job.column)


def _shown(value: Any) -> str:
    words = {None: "(default)", False: "off", True: "on"}
    return words[value] if value is None or isinstance(value, bool) else str(value)


def _move(file: Path, target: Path) -> None:
    """Moves a file, by a copy if the target is on another disk."""
    target = target.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        file.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        with whole_file(target) as temporary:
            shutil.copyfile(file, temporary)
