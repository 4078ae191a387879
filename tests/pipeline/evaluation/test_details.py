"""What details.json says beside the scores."""

import json
from typing import Any

import pytest
from tests.pipeline.evaluation.test_score import EN, EN_IT, IT, IT_NL, KINDS, NL, REFERENCES, answers, outputs

from ontarget.pipeline.evaluation.score import score


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    result: dict[str, Any] = json.loads(json.dumps(score(outputs(), REFERENCES, KINDS).details))
    return result


def test_what_was_produced_is_counted_by_label(found: dict[str, Any]) -> None:
    assert found["produced"]["mt"] == {"it-nl": {"en": 2}, "nl-it": {"it": 1, "en": 1}, "en-it": {"it": 2}}
    assert found["produced"]["reference"]["it-nl"] == {"nl": 2}
    assert found["labels"] == {"it": ["it"], "nl": ["nl"]}


def test_lines_that_are_off_are_named_with_their_outcome_and_first_word(found: dict[str, Any]) -> None:
    assert found["lines"]["mt"]["it-nl"] == {
        "outcomes": {"english": [0, 1]},
        "words": {"0": [0, 3], "1": [0, 2]},
        "states": {"off": [0, 1]},
        "read": {},
    }
    assert found["lines"]["lat"]["nl-it"]["outcomes"] == {"copy": [1]}
    assert found["lines"]["mt"]["en-it"]["outcomes"] == {}


def test_a_line_that_does_not_leave_the_language_has_its_first_word_left_over_marked() -> None:
    sources = ["Oggi splende il sole sulla montagna.", "Oggi splende il sole."]
    texts = ["De zon schijnt vandaag op de montagna.", NL[0]]
    right = ["De zon schijnt vandaag op de berg.", NL[0]]
    kinds = {"zero-shot": [IT_NL], "supervised": []}
    found = score({"mt": {IT_NL: answers(texts, sources)}}, {IT_NL: right}, kinds).details
    assert found["lines"]["mt"]["it-nl"]["words"] == {"0": [29, 37]}
    assert found["lines"]["reference"]["it-nl"]["words"] == {}


def test_lines_in_doubt_are_named_and_are_no_language_among_those_produced() -> None:
    texts = ["De expert", "123", NL[0].upper(), EN[0]]
    lines = [
        row | {"language": label}
        for row, label in zip(answers(texts, IT[:1] * 4), ("es", "en", "en", "en"), strict=True)
    ]
    kinds = {"zero-shot": [IT_NL], "supervised": []}
    found = score({"mt": {IT_NL: lines}}, {IT_NL: NL[:1] * 4}, kinds).details
    of_lines = found["lines"]["mt"]["it-nl"]
    assert of_lines["states"] == {"unsure": [0], "neutral": [1], "off": [3]}
    assert {line: label for line, (label, _) in of_lines["read"].items()} == {"1": "zxx", "2": "nl"}
    assert found["produced"]["mt"]["it-nl"] == {"und": 1, "zxx": 1, "nl": 1, "en": 1}


def test_every_system_is_tested_against_mt(found: dict[str, Any]) -> None:
    tests = found["significance"]
    assert tests["baseline"] == "mt"
    assert (
        tests["signature"] == "test:approximate-randomisation|trials:1000|seed:12345|adjusted:holm|systems:1"
    )
    by_place = {
        (d["system"], d["direction"], d["metric"]): d
        for d in tests["differences"]
        if d["kind"] == "zero-shot" or d["direction"] != "avg"
    }
    assert {place[0] for place in by_place} == {"lat"}
    assert by_place["lat", "it-nl", "otr"]["difference"] == -100.0
    assert by_place["lat", "avg", "otr"]["difference"] == -50.0
    assert by_place["lat", "en-it", "bleu"]["p_value"] == 1.0  # the very same answers
    assert all(0 < d["p_value"] <= 1 for d in tests["differences"])


def test_a_difference_on_many_lines_is_significant_and_adjusted_for_the_number_of_systems() -> None:
    n = 30
    references = {IT_NL: NL[:1] * n}
    kinds = {"zero-shot": [IT_NL], "supervised": []}
    off, on = (answers([text] * n, IT[:1] * n) for text in (EN[0], NL[0]))

    def p_value(systems: dict[str, Any]) -> float:
        rows = score(systems, references, kinds).details["significance"]["differences"]
        values: list[float] = [
            row["p_value"]
            for row in rows
            if (row["system"], row["direction"], row["metric"]) == ("lat", "avg", "otr")
        ]
        return values[0]

    one = p_value({"mt": {IT_NL: off}, "lat": {IT_NL: on}})
    two = p_value({"mt": {IT_NL: off}, "lat": {IT_NL: on}, "ptl": {IT_NL: on}})
    assert one < 0.002
    assert two == pytest.approx(2 * one)


def test_without_mt_nothing_is_tested() -> None:
    result = score({"base": {EN_IT: answers(IT, EN)}}, {EN_IT: IT}, {"zero-shot": [], "supervised": [EN_IT]})
    assert result.details["significance"] is None
