"""The rows of scores.json."""

from typing import Any

import pytest

from ontarget.languages import Direction
from ontarget.pipeline.evaluation.score import mean, score
from ontarget.scoring.interval import wilson
from ontarget.scoring.score import Score

NL = ["De zon schijnt vandaag.", "We gaan nu naar huis."]
IT = ["Oggi splende il sole.", "Adesso andiamo a casa."]
EN = ["The sun is shining today.", "We are going home now."]
IT_NL, NL_IT, EN_IT = (Direction.parse(text) for text in ("it-nl", "nl-it", "en-it"))
KINDS = {"zero-shot": [IT_NL, NL_IT], "supervised": [EN_IT]}
REFERENCES = {IT_NL: NL, NL_IT: IT, EN_IT: IT}


def answers(texts: list[str], sources: list[str]) -> list[dict[str, str]]:
    return [
        {"text": text, "source": source, "finish_reason": "stop"}
        for text, source in zip(texts, sources, strict=True)
    ]


def outputs() -> dict[str, Any]:
    return {
        "mt": {IT_NL: answers(EN, IT), NL_IT: answers([IT[0], EN[1]], NL), EN_IT: answers(IT, EN)},
        "lat": {IT_NL: answers(NL, IT), NL_IT: answers([IT[0], NL[1]], NL), EN_IT: answers(IT, EN)},
    }


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    return score(outputs(), REFERENCES, KINDS).rows


def values(rows: list[dict[str, Any]], key: str = "value") -> dict[tuple[str, str, str, str], Any]:
    return {(r["system"], r["direction"], r["kind"], r["metric"]): r.get(key) for r in rows}


def test_each_system_has_all_metrics_for_each_direction_and_its_averages(rows: list[dict[str, Any]]) -> None:
    keys = list(values(rows))
    assert len(keys) == len(set(keys)) == 2 * 5 * 6 + 5 * 2
    assert {key[3] for key in keys} == {"bleu", "bleu_on_target", "chrf", "otr", "otr_strict", "otr_unsure"}
    assert ("mt", "avg", "supervised", "chrf") in keys
    for row in rows:
        assert {"system", "direction", "kind", "metric", "value", "n", "signature"} <= set(row)


def test_averages_are_means_over_directions(rows: list[dict[str, Any]]) -> None:
    value = values(rows)
    assert value["mt", "it-nl", "zero-shot", "otr"] == 100.0
    assert value["mt", "nl-it", "zero-shot", "otr"] == 50.0
    assert value["mt", "avg", "zero-shot", "otr"] == 75.0
    assert value["mt", "avg", "supervised", "otr"] == 0.0
    assert value["mt", "avg", "supervised", "bleu"] == pytest.approx(100.0)


def test_the_floor_is_the_otr_of_the_references(rows: list[dict[str, Any]]) -> None:
    floor = [row for row in rows if row["system"] == "reference"]
    assert {row["metric"] for row in floor} == {"otr", "otr_unsure"}
    assert {row["value"] for row in floor} == {0.0}
    of_otr = [row["direction"] for row in floor if row["metric"] == "otr"]
    assert of_otr == ["it-nl", "nl-it", "avg", "en-it", "avg"]


def test_a_copy_of_the_source_counts_in_the_strict_ratio_and_off_target_text_brings_no_bleu(
    rows: list[dict[str, Any]],
) -> None:
    value = values(rows)
    assert value["lat", "nl-it", "zero-shot", "otr_strict"] == 50.0
    assert value["lat", "nl-it", "zero-shot", "bleu_on_target"] < value["lat", "nl-it", "zero-shot", "bleu"]
    assert value["lat", "it-nl", "zero-shot", "bleu_on_target"] == value["lat", "it-nl", "zero-shot", "bleu"]


def test_what_the_table_shows_has_intervals_around_it(rows: list[dict[str, Any]]) -> None:
    low, value, high = (values(rows, key) for key in ("low", "value", "high"))
    for key in value:
        if key[3] in ("bleu", "otr"):
            assert low[key] <= value[key] + 1e-9, key
            assert value[key] <= high[key] + 1e-9, key
    half = wilson(1, 2)
    assert low["mt", "nl-it", "zero-shot", "otr"] == half.low


def test_the_interval_of_an_average_resamples_all_directions_alike() -> None:
    """Two directions whose lines stand and fall together leave as wide an interval as one."""
    n = 40
    half = {
        d: answers([(right if i % 2 else EN)[0] for i in range(n)], EN[:1] * n)
        for d, right in ((IT_NL, NL), (NL_IT, IT))
    }
    references = {IT_NL: NL[:1] * n, NL_IT: IT[:1] * n}
    rows = score({"mt": half}, references, {"zero-shot": [IT_NL, NL_IT], "supervised": []}).rows
    row = next(r for r in rows if (r["direction"], r["metric"]) == ("avg", "otr"))
    assert row["value"] == 50.0
    # The standard error of a share of 1/2 among 40 is 7.9 points, among 80 independent lines it would be 5.6.
    assert 28 < row["high"] - row["low"] < 34


def test_signatures_say_which_intervals_are_drawn(rows: list[dict[str, Any]]) -> None:
    """By a bootstrap: of metrics, and of averages but for those of which no line is off-target, or all."""
    signature = values(rows, "signature")
    of_bleu = signature["mt", "nl-it", "zero-shot", "bleu"]
    assert of_bleu.startswith("nrefs:1|bs:1000|seed:12345|case:mixed|")
    assert signature["mt", "avg", "zero-shot", "bleu"] == f"mean:2|{of_bleu}"
    assert signature["mt", "avg", "zero-shot", "otr"].startswith("mean:2|bs:1000|seed:12345|lid:")
    for key in (("mt", "nl-it", "zero-shot", "otr"), ("mt", "avg", "supervised", "otr")):
        assert "bs:" not in signature[key]
    assert "bs:" not in signature["mt", "nl-it", "zero-shot", "bleu_on_target"]


def test_no_off_target_line_is_no_certainty(rows: list[dict[str, Any]]) -> None:
    assert values(rows, "high")["mt", "avg", "supervised", "otr"] == wilson(0, 2).high > 50


def test_an_interval_takes_unsure_lines_both_ways_and_the_paper_knows_none() -> None:
    """Two words that the identifier finds Spanish, 30 times: Dutch, perhaps."""
    n = 30
    lines = {"mt": {IT_NL: answers(["De expert"] * n, IT[:1] * n)}}
    kinds = {"zero-shot": [IT_NL], "supervised": []}
    value = values(score(lines, {IT_NL: NL[:1] * n}, kinds).rows)
    high = values(score(lines, {IT_NL: NL[:1] * n}, kinds).rows, "high")
    for direction in ("it-nl", "avg"):
        assert value["mt", direction, "zero-shot", "otr"] == 0.0
        assert value["mt", direction, "zero-shot", "otr_unsure"] == 100.0
        assert high["mt", direction, "zero-shot", "otr"] == pytest.approx(100.0)
    by_paper = values(score(lines, {IT_NL: NL[:1] * n}, kinds, rules="paper").rows)
    assert by_paper["mt", "it-nl", "zero-shot", "otr"] == 100.0
    assert "otr_unsure" not in {metric for _, _, _, metric in by_paper}


def test_what_is_looked_at_is_told() -> None:
    told: list[tuple[int, int]] = []
    score(outputs(), REFERENCES, KINDS, advance=lambda done, total, note: told.append((done, total)))
    assert told == [(done, 18) for done in range(0, 18, 2)] + [(18, 18)]


def test_without_zero_shot_directions_there_is_no_average_of_them() -> None:
    only = score({"mt": {EN_IT: answers(IT, EN)}}, {EN_IT: IT}, {"zero-shot": [], "supervised": [EN_IT]})
    assert {row["kind"] for row in only.rows} == {"supervised"}


def test_a_mean_signature_lists_what_differs() -> None:
    scores = [
        Score("bleu", 10.0, 3, "nrefs:1|tok:13a|version:2"),
        Score("bleu", 20.0, 4, "nrefs:1|tok:zh|version:2"),
    ]
    assert mean(scores) == Score("bleu", 15.0, 7, "mean:2|nrefs:1|tok:13a,zh|version:2")
