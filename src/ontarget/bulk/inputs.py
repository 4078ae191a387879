"""Finds the inputs of a bulk translation, and the place of each one's output."""

import bz2
import gzip
import lzma
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ontarget.corpora.opening import missing_file
from ontarget.errors import UserError

STANDARD_INPUT = "-"

_PARQUET = (".parquet", ".pq")


@dataclass(frozen=True, slots=True)
class BulkInput:
    """An input, with the place of its translation.

    Attributes:
        path: a file or a pipe; `-` is standard input.
        name: its name in messages.
        target: the file for its translation.
        key: a name for it within the job: its path below the output folder.
    """

    path: Path
    name: str
    target: Path
    key: str

    @property
    def is_stream(self) -> bool:
        """Whether it can be read only once."""
        return str(self.path) == STANDARD_INPUT or not self.path.is_file()

    @property
    def makes_parquet(self) -> bool:
        """Whether its translation becomes a column of a Parquet file."""
        return self.target.suffix in _PARQUET


def find_inputs(names: Sequence[str], out: Path) -> list[BulkInput]:
    """The inputs, in the order of their names; files of a folder are sorted.

    The translation of a single file is `out` itself. With several files or a folder, `out` is a folder: a
    file keeps its name, and a file in a folder its path below the folder. Hidden files are left out.

    Args:
        names: files, folders and pipes; `-`, or no name at all, is standard input.
        out: a file or a folder, which need not exist.
    Raises:
        UserError: an input is missing, two inputs have the same target, or an input would be overwritten.
    """
    names = names or [STANDARD_INPUT]
    if STANDARD_INPUT in names and len(names) > 1:
        raise UserError("'-' (standard input) cannot be combined with files; give one of them")
    paths = [Path(name) for name in names]
    for path in paths:
        if str(path) != STANDARD_INPUT and not path.exists():
            raise UserError(missing_file(path))
    if len(paths) == 1 and not paths[0].is_dir():
        found = [_single(paths[0], out)]
    else:
        found = list(_several(paths, out))
    _check_targets(found)
    return found


def _single(path: Path, out: Path) -> BulkInput:
    named = "text" if str(path) == STANDARD_INPUT else path.name
    if out.is_dir():
        raise UserError(f"-o '{out}' is a folder; give the path of a file, such as '{out / named}'")
    name = "standard input" if str(path) == STANDARD_INPUT else f"'{path}'"
    return BulkInput(path, name, out, out.name)


def _several(paths: Sequence[Path], out: Path) -> Iterator[BulkInput]:
    if out.exists() and not out.is_dir():
        raise UserError(f"-o '{out}' is a file, but several inputs need a folder; choose another path")
    of_key: dict[str, Path] = {}
    for given in paths:
        for path, key in _below(given, out) if given.is_dir() else [(given, given.name)]:
            if key in of_key:
                raise UserError(
                    f"'{of_key[key]}' and '{path}' would both be written to '{out / key}'; "
                    "translate them with two commands"
                )
            of_key[key] = path
            yield BulkInput(path, f"'{path}'", out / key, key)


def _below(folder: Path, out: Path) -> list[tuple[Path, str]]:
    """The visible files in a folder, each with its path below the folder."""
    if out.resolve().is_relative_to(folder.resolve()):
        raise UserError(f"-o '{out}' is in the input folder '{folder}'; choose a path outside")
    found = [(path, str(path.relative_to(folder))) for path in visible_files(folder)]
    if not found:
        raise UserError(f"there is no file in '{folder}'; give a folder with text, one segment per line")
    return found


def visible_files(folder: Path) -> list[Path]:
    """The files in a folder and the folders in it, sorted; hidden files and folders are left out."""
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(part[0] == "." for part in path.relative_to(folder).parts)
    ]


def _check_targets(inputs: Sequence[BulkInput]) -> None:
    files = {one.path.resolve(): one for one in inputs if not one.is_stream}
    for one in inputs:
        if (overwritten := files.get(one.target.resolve())) is not None:
            raise UserError(
                f"the translation of {one.name} would overwrite the input {overwritten.name}; "
                "choose another path for -o"
            )
        if one.target.exists() and not one.target.is_file():
            raise UserError(f"-o '{one.target}' is not a file, and would be replaced; choose another path")
        compressor(one.target)


def check_report(report: Path, names: Sequence[str], inputs: Sequence[BulkInput], folder: Path) -> None:
    """Checks that a report has a place of its own, so that nothing is overwritten at the end.

    Args:
        report: the file for the report.
        names: files and folders to translate. The next command would take a report in a folder as an input.
        inputs: the inputs, with the places of their translations.
        folder: the folder of the job, which is removed at the end.
    Raises:
        UserError: an input, a translation, the folder of the job or something that is not a file is there, or
            it is in an input folder.
    """
    at = report.resolve()
    if any(at == one.path.resolve() for one in inputs if not one.is_stream):
        raise UserError(f"--report '{report}' is an input file and would be overwritten; choose another path")
    for name in names:
        if Path(name).is_dir() and at.is_relative_to(Path(name).resolve()):
            raise UserError(f"--report '{report}' is in the input folder '{name}'; choose a path outside")
    for place in [*(one.target for one in inputs), folder]:
        taken = place.resolve()
        if at == taken or at in taken.parents or taken in at.parents:
            raise UserError(
                f"--report '{report}' and the translation in '{place}' would overwrite each other; "
                "choose another path for --report"
            )
    if report.exists() and not report.is_file():  # `at` does not exist if it is an open pipe, as /dev/stdout
        raise UserError(f"--report '{report}' is not a file, and would be replaced; choose another path")


def readable(path: Path) -> str:
    r"""A path as text. Bytes of a name that are not UTF-8 are written as `\xe9`."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def compressor(target: Path) -> Callable[[bytes], bytes]:
    """A function that compresses a part of a file as the ending of its name says.

    The compressed parts of a file, one after another, are a valid compressed file in all four formats.

    Raises:
        UserError: the ending is `.zst`, and zstandard is not installed.
    """
    match target.suffix:
        case ".gz":
            return lambda data: gzip.compress(data, 6, mtime=0)
        case ".bz2":
            return bz2.compress
        case ".xz":
            return lzma.compress
        case ".zst":
            try:
                import zstandard
            except ModuleNotFoundError:
                raise UserError("writing .zst files needs zstandard: pip install 'ontarget[data]'") from None
            compress: Callable[[bytes], bytes] = zstandard.compress
            return compress
        case _:
            return lambda data: data
