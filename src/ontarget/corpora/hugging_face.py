"""Data sets of Hugging Face: a folder that `save_to_disk` wrote, or a name on the hub, read as a stream."""

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
    """Looks whether a data set lies in a folder, before all of it is gone through.

    Raises:
        UserError: there is none.
    """
    if not any((folder / name).is_file() for name in ("dataset_dict.json", "dataset_info.json")):
        raise UserError(
            f"'{folder}' is a folder, and no data set was saved there by `save_to_disk`; give the file that "
            "is in it, or a path with {language} where there is a file for each language"
        )


def read_dataset(
    place: str, split: str, languages: Sequence[Language], columns: Columns | None
) -> Iterator[Segment]:
    """The rows of one split, as of a Parquet file. No code of a data set is run.

    Args:
        place: a folder, or `hub:owner/name`, `hub:owner/name:configuration`, `hub:owner/name@revision`.

    Raises:
        UserError: it is not there or cannot be reached, has no such split, or `datasets` is not installed.
    """
    segment_of = reader_of_records(languages, columns)
    with _told(place):
        rows = _on_hub(place, split) if place.startswith(ON_HUB) else _on_disk(place, split)
        for number, row in enumerate(rows, start=1):
            yield segment_of(row, f"'{place}', row {number}")


def revision(place: str) -> str:
    """What a data set of the hub is known by: the commit that is given, or that its name stands for now.

    Raises:
        UserError: it cannot be asked.
    """
    parts = _parts(place)
    if re.fullmatch("[0-9a-f]{40}", parts["revision"] or ""):
        return str(parts["revision"])
    _library()
    from huggingface_hub import HfApi

    with _told(place):
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
def _told(place: str) -> Iterator[None]:
    """Makes one sentence of what the library raises: errors of Python's and of its own, of all kinds."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        reason = str(error).strip().split("\n")[0]
        raise UserError(f"cannot read the data set '{place}': {reason}") from error
