import pytest

from ontarget.reporting.details import Details, Lines
from ontarget.reporting.outcomes import outcomes

DETAILS = Details(
    produced={"mt": {"de-fr": {"fr": 6, "en": 4}, "cs-fr": {"fr": 10}}, "lat": {"de-fr": {"fr": 10}}},
    lines={
        "mt": {
            "de-fr": Lines({0: "english", 1: "english", 2: "copy", 5: "english"}, {}),
            "cs-fr": Lines({}, {}),
        },
        "lat": {"de-fr": Lines({9: "run-on"}, {})},
    },
)


def test_shares_of_each_outcome_that_occurs_add_up() -> None:
    found = outcomes(DETAILS, ["de-fr", "cs-fr"])
    assert found is not None
    assert found.names == ("on target", "English", "copy of the source", "run-on")
    assert found.percent["mt"] == pytest.approx([80.0, 15.0, 5.0, 0.0])
    assert found.percent["lat"] == pytest.approx([90.0, 0.0, 0.0, 10.0])
    assert all(sum(shares) == pytest.approx(100.0) for shares in found.percent.values())


def test_a_run_that_says_nothing_of_them_has_none() -> None:
    assert outcomes(Details(), ["de-fr"]) is None
    assert outcomes(DETAILS, ["en-fr"]) is None
