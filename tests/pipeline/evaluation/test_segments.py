"""What is kept of each line for paired tests."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.pipeline.evaluation.test_score import EN, IT_NL, KINDS, NL, REFERENCES, answers, outputs

from ontarget.pipeline.evaluation.score import score
from ontarget.pipeline.evaluation.segments import kept, statistics
from ontarget.scoring.metrics.formulas import bleu_values
from ontarget.scoring.significance import mean_value


@pytest.fixture(scope="module")
def scored() -> Any:
    return score(outputs(), REFERENCES, KINDS)


def test_scores_are_made_again_of_what_is_kept(scored: Any) -> None:
    found = json.loads(json.dumps(scored.details["segments"]))
    assert {kind: list(of["lines"].items()) for kind, of in found.items()} == {
        "zero-shot": [("it-nl", 2), ("nl-it", 2)],
        "supervised": [("en-it", 2)],
    }
    value = {"bleu": bleu_values, "otr": mean_value}
    tested = [row for row in scored.rows if row["metric"] in value and row["system"] != "reference"]
    for row in tested:
        of_kind = found[row["kind"]]
        sets = statistics(of_kind, row["system"], row["metric"])
        values = [float(value[row["metric"]](one.sum(0))) for one in sets]
        again = dict(zip(of_kind["lines"], values, strict=True)) | {"avg": sum(values) / len(values)}
        assert again[row["direction"]] == pytest.approx(row["value"])
    assert len(tested) == 2 * 2 * 5


def test_flags_stand_in_the_order_of_lines(scored: Any) -> None:
    first, second = statistics(scored.details["segments"]["zero-shot"], "mt", "otr")
    assert np.array_equal(first[:, 0], [100.0, 100.0])
    assert np.array_equal(second[:, 0], [0.0, 100.0])


def test_other_lines_are_told_from_the_same_ones() -> None:
    def text(sources: list[str], references: list[str]) -> str:
        other = {IT_NL: answers(EN, sources)}
        return score({"mt": other}, {IT_NL: references}, {"zero-shot": [IT_NL]}).details["segments"][
            "zero-shot"
        ]["text"]

    assert text(EN, NL) == text(EN, NL)
    assert len({text(EN, NL), text(EN[::-1], NL), text(EN, NL[::-1])}) == 3


def test_a_run_of_an_older_version_has_none(tmp_path: Path) -> None:
    assert kept(tmp_path) == {}
    (tmp_path / "details.json").write_text('{"lines": {}}', encoding="utf-8")
    assert kept(tmp_path) == {}
