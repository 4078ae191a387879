"""The artifacts of a run on disk, with fingerprints of everything that made them.

    runs/<recipe>/models/<stage>/                   a Hugging Face checkpoint, log.jsonl, ontarget.json
                  models/.<stage>.progress-<8>/     checkpoints of an unfinished stage
                  synthetic/<stage>/<direction>.jsonl, ontarget.json
                  outputs/<system>/<direction>.jsonl, ontarget.json
                  scores.json, details.json, report.html, ontarget.json

A fingerprint is a hash of settings, fingerprints of inputs, and a format number, but not of our code.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ontarget.checkpoints.adapter import lineage
from ontarget.checkpoints.files import CONFIG, check_adapter_files, check_model_files, is_adapter
from ontarget.errors import UserError
from ontarget.files import whole_folder, write_json, write_jsonl
from ontarget.model_place import locate
from ontarget.pipeline.planning.directory import SAID, held
from ontarget.pipeline.planning.records import NO_ENTRIES, RECORD, Recorder, read_record, recording
from ontarget.system_ids import outputs_folder

Kind = Literal["synthetic", "model", "outputs", "scores", "report"]
Translated = Literal["synthetic", "outputs"]  # kinds that have a file for each direction

# Raise a number when the same settings make another artifact than before: old artifacts are then made again.
FORMAT: dict[Kind, int] = {"synthetic": 1, "model": 2, "outputs": 1, "scores": 2, "report": 2}

_PAGE = "report.html"
_FILES = (*SAID, "scores.json", "details.json", _PAGE, RECORD)
_TEMPORARY = "?" * 8  # what `tempfile` adds to a name
_SAMPLE = 1 << 16  # bytes read at both ends of a large file, where different weights differ
_LINES = 10_000  # number of lines that are hashed at a time


@dataclass(frozen=True, slots=True)
class Made:
    """The record of an artifact.

    Attributes:
        fingerprint: of everything that made it.
        seconds: the time that it took to make.
        parameters: of translations, the number of parameters of their model; None if it is unknown.
        work: what `--plan` learns from the time, see `pace.work_record`.
    """

    fingerprint: str
    seconds: float
    parameters: int | None = None
    work: Mapping[str, Any] | None = None


Write = Callable[[str, list[dict[str, Any]], Made], None]
"""Writes the rows of a direction, then their record."""


def fingerprint(kind: Kind, **parts: Any) -> str:
    """SHA-256 of `parts` (plain data) as canonical JSON, with the format number of the kind."""
    canonical = json.dumps(
        [kind, FORMAT[kind], parts], sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def text_fingerprint(lines: Sequence[str]) -> str:
    """SHA-256 of lines of text as a JSON list, which is never in memory as a whole."""
    whole = hashlib.sha256(b"[")
    for begin in range(0, len(lines), _LINES):
        whole.update(b", " * (begin > 0))
        whole.update(json.dumps(list(lines[begin : begin + _LINES]))[1:-1].encode("ascii"))
    whole.update(b"]")
    return whole.hexdigest()


def folder_fingerprint(folder: Path) -> str:
    """The fingerprint of any model: of file names, sizes, small files and the ends of large files."""
    record = read_record(folder).get("fingerprint")
    if isinstance(record, str):
        return record
    whole = hashlib.sha256()
    for path in sorted(path for path in folder.iterdir() if path.is_file()):
        size = path.stat().st_size
        whole.update(f"{path.name}\0{size}\0".encode())
        with path.open("rb") as file:
            whole.update(file.read(_SAMPLE))
            file.seek(max(size - _SAMPLE, 0))
            whole.update(file.read(_SAMPLE))
    return whole.hexdigest()


def identity(model: str) -> str:
    """The fingerprint of a model that is not a stage: of its directory, or of its name on the Hub.

    The fingerprint of an adapter includes that of its base model.
    """
    known = [folder_fingerprint(p) if isinstance(p, Path) else f"hub {p}" for p in lineage(locate(model))]
    return " on ".join(known)


class Store:
    """A run directory: the places of its artifacts and their records."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def lock(self) -> AbstractContextManager[None]:
        """Reserves the directory for this process, see `directory.held`."""
        return held(self.directory)

    def model(self, stage: str) -> Path:
        """The folder of a stage's model."""
        return self.directory / "models" / stage

    def model_made(self, stage: str) -> Made | None:
        """The record of a stage's model, or None if there is no model."""
        return _made(read_record(self.model(stage)))

    def progress(self, stage: str, fingerprint: str) -> Path:
        """The folder with the checkpoints of an unfinished stage, which a later run resumes from."""
        return self.directory / "models" / f".{stage}.progress-{fingerprint[:8]}"

    @contextmanager
    def making_model(
        self, stage: str, fingerprint: str, about: Mapping[str, Any]
    ) -> Iterator[tuple[Path, Path]]:
        """Yields an empty folder for the model, and one for progress, which survives a kill.

        `about` becomes part of the model's record; it is read when the block ends.
        """
        progress = self.progress(stage, fingerprint)
        with whole_folder(self.model(stage)) as folder:
            yield folder, progress
            sizes = {path.name: path.stat().st_size for path in sorted(folder.iterdir()) if path.is_file()}
            write_json(folder / RECORD, {"fingerprint": fingerprint, "stage": stage, **about, "bytes": sizes})
        self._remove_progress(stage)

    def link_model(self, stage: str, folder: Path, fingerprint: str) -> None:
        """Links the model of another run as that of a stage. They share files, which never change in place.

        Raises:
            OSError: the model was removed or replaced meanwhile.
        """
        with whole_folder(self.model(stage)) as ours:
            shutil.copytree(folder, ours, copy_function=_link, dirs_exist_ok=True)
            record = read_record(ours)
            if record.get("fingerprint") != fingerprint or _damaged_model(ours, record):
                raise OSError(f"{folder} was replaced")
        self._remove_progress(stage)

    def found(self) -> dict[str, tuple[Path, Made]]:
        """Fingerprint -> each complete model and file of translations, with its record."""
        models = {
            folder: _made(record)
            for folder in (path.parent for path in self.directory.glob(f"models/[!.]*/{RECORD}"))
            if not _damaged_model(folder, record := read_record(folder))
        }
        outputs = {
            path: _made(entry)
            for kind in ("synthetic", "outputs")
            for folder in self.directory.glob(f"{kind}/*")
            for direction, entry in read_record(folder).items()
            if not _damaged(path := folder / f"{direction}.jsonl", entry)
        }
        return {
            made.fingerprint: (place, made)
            for place, made in (models | outputs).items()
            if made and place.exists()
        }

    def outputs(self, system: str, direction: str, kind: Translated = "outputs") -> Path:
        """The file of a system's hypotheses in one direction, or of a stage's synthetic text."""
        folder = self.directory / kind
        of_system = outputs_folder(folder, system) if kind == "outputs" else folder / system
        return of_system / f"{direction}.jsonl"

    def outputs_made(
        self, system: str, directions: Iterable[str], kind: Translated = "outputs"
    ) -> dict[str, Made]:
        """The records of such files by direction, without those that are missing or damaged."""
        folder = self.outputs(system, "", kind).parent
        entries = read_record(folder)  # once, since it has all directions, which may be thousands
        made = {
            direction: _made(entry)
            for direction in directions
            if not _damaged(folder / f"{direction}.jsonl", entry := entries.get(direction))
        }
        return {direction: found for direction, found in made.items() if found}

    @contextmanager
    def writing(self, system: str, kind: Translated = "outputs") -> Iterator[Write]:
        """Yields a function that writes translations; without a record they count as missing."""
        folder = self.outputs(system, "", kind).parent
        with recording(folder) as record:

            def write(direction: str, rows: list[dict[str, Any]], made: Made) -> None:
                path = folder / f"{direction}.jsonl"
                with _recorded(record, direction, made, [path]):
                    write_jsonl(path, rows)

            yield write

    def made(self, file: str) -> Made | None:
        """The record of a file of the run such as `scores.json`, or None if it is missing or damaged."""
        entry = read_record(self.directory).get(file)
        return _made(entry) if not _damaged(self.directory / file, entry) else None

    @contextmanager
    def making(self, file: str, made: Made, beside: Sequence[str] = ()) -> Iterator[Path]:
        """Yields the path of a file of the run; it counts as made when the block has written it.

        The same holds for the files `beside` it, which the block also writes.
        """
        paths = [self.directory / name for name in (file, *beside)]
        with recording(self.directory) as record, _recorded(record, file, made, paths):
            yield paths[0]

    def damaged(self) -> list[Path]:
        """Files that changed since they were written, which count as missing.

        The report page is not among them, since `ontarget report` also writes it.
        """
        found = []
        for kind, suffix in (("models", ""), ("synthetic", ".jsonl"), ("outputs", ".jsonl"), ("", "")):
            for record in sorted(self.directory.glob(f"{kind}/*/{RECORD}" if kind else RECORD)):
                known = read_record(record.parent)
                if not known and record.read_bytes() != NO_ENTRIES:
                    found.append(record)
                entries = {} if kind == "models" else known
                for name, entry in entries.items():
                    changed = _damaged(record.with_name(f"{name}{suffix}"), entry)
                    found += [path for path in changed if path.exists() and path.name != _PAGE]
        return found

    def remove_leftovers(self, stages: Collection[str], systems: Collection[str]) -> None:
        """Removes half-written files after a kill, under the lock; progress is kept."""
        for stage in stages:
            for folder in self.directory.glob(f"models/.{stage}.{_TEMPORARY}"):
                shutil.rmtree(folder)
        patterns = [f".{name}.{_TEMPORARY}" for name in _FILES]
        translated = [f"synthetic/{stage}" for stage in stages]
        translated += [f"outputs/{outputs_folder(self.directory / 'outputs', name).name}" for name in systems]
        for place in translated:
            patterns += [f"{place}/.*.jsonl.{_TEMPORARY}", f"{place}/.{RECORD}.{_TEMPORARY}"]
        for pattern in patterns:
            for file in self.directory.glob(pattern):
                file.unlink()

    def _remove_progress(self, stage: str) -> None:
        for old in self.directory.glob(f"models/.{stage}.progress-*"):
            shutil.rmtree(old)


def _link(source: str, target: str) -> None:
    """Makes a hard link to a file, or a copy if the file system has no hard links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _recorded(record: Recorder, key: str, made: Made, files: Sequence[Path]) -> AbstractContextManager[None]:
    """Records what the block makes, with the sizes of its `files`: a truncated file counts as missing."""

    def entry() -> dict[str, Any]:
        known: dict[str, Any] = {
            "fingerprint": made.fingerprint,
            "seconds": round(made.seconds, 1),
            "bytes": {path.name: path.stat().st_size for path in files if path.exists()},
        }
        if made.parameters is not None:
            known["parameters"] = made.parameters
        if made.work:
            known["work"] = dict(made.work)
        return known

    return record.making(key, entry)


def _damaged(path: Path, entry: Any) -> list[Path]:
    """Of a file and those that were written with it, the ones whose size differs from their record."""
    known = entry.get("bytes") if isinstance(entry, dict) else None
    if not isinstance(known, dict):  # a record of an older version
        return [] if _size(path) else [path]
    sizes = {path.with_name(name): size for name, size in known.items()}
    return [file for file, size in sizes.items() if _size(file) != size]


def _damaged_model(folder: Path, record: Mapping[str, Any]) -> bool:
    """Whether a file of a model is missing or has another size than its record says.

    For records of older versions, which have no sizes, the configuration and the weights are checked.
    """
    if "bytes" in record:
        return bool(_damaged(folder / CONFIG, record))
    try:
        (check_adapter_files if is_adapter(folder) else check_model_files)(folder)
    except UserError:
        return True
    return False


def _size(path: Path) -> int | None:
    return path.stat().st_size if path.exists() else None


def _made(record: Any) -> Made | None:
    if not isinstance(record, dict) or not isinstance(record.get("fingerprint"), str):
        return None
    work = record.get("work")
    return Made(
        record["fingerprint"],
        float(record.get("seconds") or 0.0),
        record.get("parameters"),
        work if isinstance(work, dict) else None,
    )
