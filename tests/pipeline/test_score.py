"""The rows of scores.json."""

import pytest

from ontarget.languages import Direction
from ontarget.pipeline.score import mean, score_rows
from ontarget.scoring.score import Score

NL = ["De zon schijnt vandaag.", "We gaan nu naar huis."]
IT = ["Oggi splende il sole.", "Adesso andiamo a casa."]
EN = ["The sun is shining today.", "We are going home now."]
IT_NL, NL_IT, EN_IT = (Direction.parse(text) for text in ("it-nl", "nl-it", "en-it"))


def rows() -> list[dict[str, object]]:
    return score_rows(
        {"mt": {IT_NL: EN, NL_IT: [IT[0], EN[1]], EN_IT: IT}},
        {IT_NL: NL, NL_IT: IT, EN_IT: IT},
        {"zero-shot": [IT_NL, NL_IT], "supervised": [EN_IT]},
    )


def test_each_system_has_three_metrics_for_each_direction_and_its_averages() -> None:
    keys = [(r["system"], r["direction"], r["kind"], r["metric"]) for r in rows()]
    assert len(keys) == len(set(keys)) == 3 * 5 + 5
    assert ("mt", "avg", "supervised", "chrf") in keys
    assert set(rows()[0]) == {"system", "direction", "kind", "metric", "value", "n", "signature"}


def test_averages_are_means_over_directions() -> None:
    value = {(r["system"], r["direction"], r["kind"], r["metric"]): r["value"] for r in rows()}
    assert value["mt", "it-nl", "zero-shot", "otr"] == 100.0
    assert value["mt", "nl-it", "zero-shot", "otr"] == 50.0
    assert value["mt", "avg", "zero-shot", "otr"] == 75.0
    assert value["mt", "avg", "supervised", "otr"] == 0.0
    assert value["mt", "avg", "supervised", "bleu"] == pytest.approx(100.0)


def test_the_floor_is_the_otr_of_the_references() -> None:
    floor = [row for row in rows() if row["system"] == "reference"]
    assert {row["metric"] for row in floor} == {"otr"}
    assert {row["value"] for row in floor} == {0.0}
    assert [row["direction"] for row in floor] == ["it-nl", "nl-it", "avg", "en-it", "avg"]


def test_without_zero_shot_directions_there_is_no_average_of_them() -> None:
    only = score_rows({"mt": {EN_IT: IT}}, {EN_IT: IT}, {"zero-shot": [], "supervised": [EN_IT]})
    assert {row["kind"] for row in only} == {"supervised"}


def test_a_mean_signature_lists_what_differs() -> None:
    scores = [
        Score("bleu", 10.0, 3, "nrefs:1|tok:13a|version:2"),
        Score("bleu", 20.0, 4, "nrefs:1|tok:zh|version:2"),
    ]
    assert mean(scores) == Score("bleu", 15.0, 7, "mean:2|nrefs:1|tok:13a,zh|version:2")
