import re

import pytest
from tests.reporting.svg import texts

from ontarget.reporting.confusion import confusion, heat_map, heat_maps
from ontarget.reporting.details import Details
from ontarget.reporting.drawing import BLUE, GREY, ORANGE, inline

DETAILS = Details(
    produced={
        "mt": {"de-fr": {"fr": 30, "en": 70}, "cs-fr": {"fr": 100}, "fr-nb": {"no": 90, "": 10}},
        "lat": {"de-fr": {"fr": 98, "oc": 2}, "cs-fr": {"fr": 100}, "fr-nb": {"no": 100}},
    },
    labels={"fr": ["fr"], "nb": ["no", "nb"]},
)
DIRECTIONS = ("de-fr", "cs-fr", "fr-nb")


def test_rows_are_languages_asked_for_and_columns_what_came() -> None:
    found = confusion(DETAILS, "zero-shot", DIRECTIONS)
    assert found is not None
    assert found.asked == ("fr", "nb")
    assert found.came == ("fr", "nb", "en", "oc", "empty")
    assert found.percent["mt"] == [[65.0, 0.0, 35.0, 0.0, 0.0], [0.0, 90.0, 0.0, 0.0, 10.0]]
    assert found.percent["lat"][0] == [99.0, 0.0, 0.0, 1.0, 0.0]


def test_rare_labels_are_put_together_and_rows_still_add_up() -> None:
    rare = {f"x{i}": 1 for i in range(30)}
    details = Details(produced={"mt": {"de-fr": {"fr": 10_000, **rare}}}, labels={"fr": ["fr"]})
    found = confusion(details, "zero-shot", ["de-fr"])
    assert found is not None
    assert found.came == ("fr", "other")
    assert sum(found.percent["mt"][0]) == pytest.approx(100.0)
    assert found.percent["mt"][0][1] == pytest.approx(100 * 30 / 10_030)


def test_directions_that_were_not_counted_are_left_out() -> None:
    assert confusion(DETAILS, "supervised", ["en-de"]) is None
    assert confusion(Details(), "zero-shot", DIRECTIONS) is None


def test_a_heat_map_says_its_figures_and_tells_on_from_off_target() -> None:
    found = confusion(DETAILS, "zero-shot", DIRECTIONS)
    assert found is not None
    svg = inline(heat_map(found, "mt"))
    assert sorted(re.findall(r"\d+", " ".join(texts(svg)))) == ["10", "35", "65", "90"]
    assert {"fr", "nb", "en", "empty"} <= set(texts(svg))
    fills = re.findall(r"fill: (#[0-9a-f]{6}); (?:fill-)?opacity: ([\d.]+)", svg)
    assert [colour for colour, _ in fills] == [BLUE, ORANGE, BLUE, ORANGE]
    strengths = [float(strength) for _, strength in fills]
    assert strengths[2] > strengths[0] > strengths[1] > strengths[3]  # 90, 65, 35, 10 %


def test_all_systems_in_one_figure() -> None:
    found = confusion(DETAILS, "zero-shot", DIRECTIONS)
    assert found is not None
    assert {"MT", "LAT", "65", "99"} <= set(texts(inline(heat_maps(found))))


def test_what_counts_for_no_language_is_grey() -> None:
    produced = {"mt": {"de-fr": {"fr": 50, "en": 20, "und": 15, "zxx": 10, "": 5}}}
    found = confusion(Details(produced=produced, labels={"fr": ["fr"]}), "zero-shot", ["de-fr"])
    assert found is not None
    assert found.came == ("fr", "en", "unsure", "neutral", "empty")
    assert found.percent["mt"] == [[50.0, 20.0, 15.0, 10.0, 5.0]]
    fills = re.findall(r"fill: (#[0-9a-f]{6}); (?:fill-)?opacity", inline(heat_map(found, "mt")))
    assert fills == [BLUE, ORANGE, GREY, GREY, ORANGE]
