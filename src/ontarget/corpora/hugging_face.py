"""Reads Hugging Face data sets: a folder written by `save_to_disk`, or a name on the hub, as a stream."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ontarget.corpora.corpus import Segment
from ontarget.corpora.rows import Columns, reader_of_records
from ontarget.errors import UserError, nearest
from ontarget.languages import Language

ON_HUB = "hub:"
_HUB_NAME = re.compile(r"hub:(?P<name>[\w.-]+/[\w.-]+)(:(?P<config>[\w.,-]+))?(@(?P<revision>[\w./-]+))?")


def require_saved(folder: Path) -> None:
    """Checks that a folder contains a data set, before it is read.

    Raises:
        UserError: there is no data set in the folder.
    """
    if not any((folder / name).is_file() for name in ("dataset_dict.json", "dataset_info.json")):
        raise UserError(
            f"'{folder}' is a folder without a data set saved by `save_to_disk`; give a file in this folder, "
            "or a path with {language} if there is a file for each language"
        )


def read_dataset(
    place: str, split: str, languages: Sequence[Language], columns: Columns | None
) -> Iterator[Segment]:
    """The segments of one split, with columns as in a Parquet file. Code of data sets is never executed.

    Args:
        place: a folder, or `hub:owner/name`, `hub:owner/name:configuration`, `hub:owner/name@revision`.
        split: the name of the split.
        languages: the languages to read.
        columns: the columns of the languages; None: named after them.

    Raises:
        UserError: the data set does not exist, cannot be reached or has no such split, or the library
            `datasets` is not installed.
    """
    segment_of = reader_of_records(languages, columns)
    with _readable_errors(place):
        rows = _on_hub(place, split) if place.startswith(ON_HUB) else _on_disk(place, split)
        for number, row in enumerate(rows, start=1):
            yield segment_of(row, f"'{place}', row {number}")


def revision(place: str) -> str:
    """The commit of a data set on the hub: the given one, or the latest.

    Raises:
        UserError: the hub cannot be reached, or does not have the data set.
    """
    parts = _parts(place)
    if re.fullmatch("[0-9a-f]{40}", parts["revision"] or ""):
        return str(parts["revision"])
    _library()
    from huggingface_hub import HfApi

    with _readable_errors(place):
        return str(HfApi().dataset_info(parts["name"] or "", revision=parts["revision"]).sha)


def _on_disk(folder: str, split: str) -> Any:
    datasets = _library()
    found = datasets.load_from_disk(folder)
    if not isinstance(found, datasets.DatasetDict):
        return found
    if split not in found:
        hint = nearest(split, found) or f"; it has {', '.join(found)}"
        raise UserError(f"the data set '{folder}' has no split '{split}'{hint}")
    return found[split]


def _on_hub(place: str, split: str) -> Any:
    parts = _parts(place)
    return _library().load_dataset(
        parts["name"], parts["config"], split=split, revision=parts["revision"], streaming=True
    )


def _parts(place: str) -> dict[str, str | None]:
    match = _HUB_NAME.fullmatch(place)
    if match is None:
        raise UserError(
            f"'{place}' does not name a data set; expected hub:owner/name or hub:owner/name:configuration"
        )
    return match.groupdict()


def _library() -> Any:
    try:
        import datasets
    except ModuleNotFoundError:
        raise UserError("reading data sets needs datasets: pip install 'ontarget[data]'") from None
    datasets.disable_progress_bars()
    return datasets


@contextmanager
def _readable_errors(place: str) -> Iterator[None]:
    """Turns all errors of the library, which have many types, into one sentence."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        reason = str(error).strip().split("\n")[0]
        raise UserError(f"cannot read the data set '{place}': {reason}") from error
