import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.reporting.conftest import details

from ontarget.errors import UserError
from ontarget.reporting.details import Details, Difference, Lines


def _read(folder: Path, data: Any) -> Details:
    (folder / "details.json").write_text(json.dumps(data), encoding="utf-8")
    return Details.read(folder)


def test_reads_what_scoring_wrote(tmp_path: Path) -> None:
    found = _read(tmp_path, details())
    assert found.produced["mt"]["it-nl"] == {"en": 2, "nl": 1}
    assert found.lines["mt"]["it-nl"] == Lines({0: "english", 1: "english"}, {0: (0, 3)})
    assert found.baseline == "mt"
    assert found.test.startswith("test:")


def test_p_values_are_looked_up_by_place(tmp_path: Path) -> None:
    found = _read(tmp_path, details())
    assert found.p_value("ontarget", "otr", "zero-shot", "avg") == 0.003
    assert found.p_value("ontarget", "bleu", "zero-shot", "avg") is None


def test_p_values_are_searched_once_for_all_cells() -> None:
    """A table of all directions has as many cells as there are p-values."""

    class Counted(tuple[Difference, ...]):
        searched = 0

        def __iter__(self) -> Iterator[Difference]:
            self.searched += 1
            return super().__iter__()

    found = Details(
        differences=Counted(Difference("lat", str(n), "zero-shot", "otr", 1, n) for n in range(9))
    )
    assert [found.p_value("lat", "otr", "zero-shot", str(n)) for n in range(9)] == list(range(9))
    assert found.differences.searched == 1


def test_an_older_run_has_none(tmp_path: Path) -> None:
    assert Details.read(tmp_path) == Details()


def test_without_a_baseline_nothing_was_tested(tmp_path: Path) -> None:
    found = _read(tmp_path, details() | {"significance": None})
    assert (found.differences, found.baseline) == ((), "")


@pytest.mark.parametrize(
    ("data", "message"),
    [([], "damaged"), ({}, "the key 'lines' is missing"), (details() | {"lines": {"mt": 3}}, "damaged")],
)
def test_damage_names_the_file_and_what_mends_it(tmp_path: Path, data: Any, message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        _read(tmp_path, data)
    assert "details.json" in str(caught.value)
    assert "delete it" in str(caught.value)
