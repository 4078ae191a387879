import dataclasses
import json

import pytest

from ontarget.scoring.interval import Interval
from ontarget.scoring.score import Score

OTR = Score("otr", 37.5, 8, "lid:lid.176.ftz|n:8")


def test_is_a_number_and_says_how_it_was_made() -> None:
    assert float(OTR) == 37.5
    assert str(OTR) == "OTR|lid:lid.176.ftz|n:8 = 37.50"
    assert OTR.settings == "OTR|lid:lid.176.ftz|n:8"


def test_as_dict_is_a_row_of_a_score_file() -> None:
    row = OTR.as_dict()
    assert json.loads(json.dumps(row)) == {
        "metric": "otr",
        "value": 37.5,
        "n": 8,
        "signature": "lid:lid.176.ftz|n:8",
    }
    assert Score(**row) == OTR  # type: ignore[arg-type]


def test_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        OTR.value = 0.0  # type: ignore[misc]


def test_an_interval_adds_its_ends_to_the_row_and_to_nothing_else() -> None:
    score = dataclasses.replace(OTR, interval=Interval(30.0, 46.5))
    assert score.as_dict() == OTR.as_dict() | {"low": 30.0, "high": 46.5}
    assert str(score) == str(OTR)
