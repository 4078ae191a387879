from typing import Any

import pytest
from tests.reporting.conftest import score_rows

from ontarget.reporting.headline import cost, headline
from ontarget.reporting.run_files import Scores


def _scores(systems: list[str], without: tuple[str, ...] = (), **kinds: Any) -> Scores:
    return Scores.of(
        r for r in score_rows(systems, **kinds) if r["metric"] not in without and r["system"] not in without
    )


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        (
            _scores(["mt", "lat", "ontarget", "pivot"]),
            "{MT} 93 % of zero-shot outputs; ontarget in 3 % (references: 1 %), with 18.2 BLEU more.",
        ),
        (
            _scores(["mt", "lat"], without=("reference",)),
            "{MT} 93 % of zero-shot outputs; LAT in 55.5 %, with 6.7 BLEU more.",
        ),
        (
            _scores(["mt", "ontarget-any"], without=("bleu",)),
            "{MT} 93 % of zero-shot outputs; ontarget-any in 9.7 % (references: 1 %).",
        ),
        (
            _scores(["base"]),
            "The base model answers in the wrong language in 51 % of zero-shot outputs (references: 1 %).",
        ),
        (
            _scores(["base", "ontarget"]),
            "ontarget answers in the wrong language in 3 % of zero-shot outputs (references: 1 %).",
        ),
        (
            _scores(["mt", "ontarget"], kinds=("supervised",)),
            "{MT} 1.1 % of supervised outputs; ontarget in 1 % (references: 0.9 %), with 0.9 BLEU less.",
        ),
        (_scores(["mt"], without=("otr",)), "This run has no off-target ratio yet."),
        (Scores.of([]), "This run has no off-target ratio yet."),
    ],
)
def test_headline(scores: Scores, expected: str) -> None:
    assert headline(scores) == expected.replace("{MT}", "MT answers in the wrong language in")


def test_the_gain_is_that_of_the_printed_figures() -> None:
    """19.44 prints as 19.4 and 1.25 as 1.2: a reader who subtracts gets 18.2, so the headline says 18.2."""
    rows = score_rows(["mt", "ontarget"])
    for row in rows:
        if (row["direction"], row["kind"], row["metric"]) == ("avg", "zero-shot", "bleu"):
            row["value"] = {"mt": 1.16, "ontarget": 19.44}[row["system"]]
    assert headline(Scores.of(rows)).endswith("with 18.2 BLEU more.")


def test_equal_bleu_is_said_to_be_equal() -> None:
    rows = [
        {**row, "value": 5.0} if row["metric"] == "bleu" else row for row in score_rows(["mt", "ontarget"])
    ]
    assert headline(Scores.of(rows)).endswith(", at the same BLEU.")


@pytest.mark.parametrize(("after", "end"), [(0.94, " (references: 1 %)."), (1.0, ", with 0.9 BLEU more.")])
def test_a_difference_of_tiny_bleu_values_is_not_a_result(after: float, end: str) -> None:
    rows = score_rows(["mt", "ontarget"])
    for row in rows:
        if row["metric"] == "bleu":
            row["value"] = {"mt": 0.1, "ontarget": after}[row["system"]]
    assert headline(Scores.of(rows)).endswith(end)


def test_cost_is_told_where_it_is_known() -> None:
    assert cost(_scores(["mt", "ontarget"])) == "Supervised BLEU: 30.5 with MT, 29.6 with ontarget."
    assert cost(_scores(["mt"])) == ""
    assert cost(_scores(["mt", "ontarget"], kinds=("zero-shot",))) == ""
