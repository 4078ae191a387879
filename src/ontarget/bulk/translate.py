"""Translates any number of lines in constant memory; a job that was stopped goes on where it was.

Shards of lines go through a function. Their translations are appended to files in `OUT.part`, with a journal.
At the end the files move to their places, so an output is complete or absent. Shards are written in order,
wherever they were translated.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol, TypeVar

from ontarget.bulk.inputs import find_inputs
from ontarget.bulk.job import BulkJob, JobFiles
from ontarget.bulk.local import Workers
from ontarget.bulk.pace import Pace
from ontarget.bulk.shards import cut
from ontarget.checked.summary import Summary
from ontarget.errors import UserError
from ontarget.files import full_disk_said, locked
from ontarget.signals import postponed

Files = TypeVar("Files", bound=JobFiles)
FIRST = 500
"""Number of lines from which the main language of a job is identified."""


class Reporter(Protocol):
    """Shows how far a job has got."""

    def say(self, line: str) -> None:
        """Shows a message."""

    def advance(self, done: int, total: int) -> None:
        """Shows the number of finished lines, and of all lines."""


@dataclass(frozen=True, slots=True)
class BulkResult:
    """What a finished job found.

    Attributes:
        summary: of the verdicts on all its lines, those of earlier runs included.
        failed: number of lines that could not be translated and are empty, see `cluster.py`.
    """

    summary: Summary
    failed: int


def translate_files(
    job: BulkJob, workers: Callable[[Sequence[str]], Workers], reporter: Reporter
) -> BulkResult:
    """Carries out a job, or the lines that an earlier run left.

    The first Ctrl-C stops it at the end of the shard, a second one at once. Both keep all finished shards.

    Args:
        job: what to translate.
        workers: makes the workers, for example loads a model, once all inputs have been checked. It is given
            the first lines of the job, which tell the language of short ones elsewhere.
        reporter: shows messages and progress.
    Raises:
        UserError: an input or output is wrong, the disk is full, or an unfinished job has other settings.
    """
    inputs = find_inputs(job.names, job.out)
    files = carry_out(
        job, lambda: JobFiles(job, inputs), lambda files: _translate_rest(files, workers, reporter)
    )
    return BulkResult(files.summary, files.failed)


def carry_out(job: BulkJob, begin: Callable[[], Files], work: Callable[[Files], None]) -> Files:
    """Begins a job or goes on with it, does its work, and moves its files to their places.

    Args:
        job: what to translate.
        begin: opens the files of the job.
        work: translates what is left.
    Raises:
        UserError: an input or output is wrong, the disk is full, or another process does this job.
    """
    try:
        with full_disk_said(job.folder), locked(job.folder / ".lock", wait=False):
            files = begin()
            if not files.journal.complete:
                work(files)
                files.journal.finish()
            files.move_to_places()
            return files
    except BlockingIOError:
        raise UserError(
            f"another process is translating into '{job.out}'; wait for it, or choose another path"
        ) from None


def _translate_rest(files: JobFiles, workers: Callable[[Sequence[str]], Workers], reporter: Reporter) -> None:
    journal, total = files.journal, files.total
    if journal.lines:
        reporter.say(f"resuming: {journal.lines:,} of {total:,} lines were translated before")
    if journal.lines == total:
        return
    pace = Pace(journal.last.get("lines", 0))
    shards = cut(files.files, files.lines, journal.lines, lambda: pace.lines)

    def within(done: int, steps: int) -> None:
        """Reports progress within a shard; a pivot takes two steps for each line."""
        lines = min(pace.lines, total - journal.lines)
        reporter.advance(journal.lines + lines * done // max(steps, 1), total)

    def told(number: int) -> None:
        reporter.say("stopping at the end of this shard; press Ctrl-C again to stop at once")

    with kept_said(files, "lines"):
        first = next(cut(files.files, files.lines, 0, lambda: FIRST))
        translated = workers(first.texts)(shards, within)
        reporter.advance(journal.lines, total)
        with postponed(told) as request:
            for one in translated:
                files.add(one)
                pace.saw(len(one.results), one.seconds)
                reporter.advance(journal.lines, total)
                request.obey()


@contextmanager
def kept_said(files: JobFiles, noun: str) -> Iterator[None]:
    """Adds to the message of a mistake that is found during the work how much is kept."""
    try:
        yield
    except UserError as error:
        if not files.journal.lines:
            raise
        done = f"{files.journal.lines:,} of {files.total:,} {noun} are done; the same command resumes"
        raise UserError(f"{error} ({done})") from error
