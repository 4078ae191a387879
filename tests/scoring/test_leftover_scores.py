"""Words left over in answers, and in their references."""

import gzip
from pathlib import Path

import pytest

from ontarget.languages import Language
from ontarget.scoring.leftover import LeftoverWords
from ontarget.scoring.leftover_scores import LeftoverScores
from ontarget.scoring.reading.hypotheses import HypothesisLine

FR, DE, EN = Language("fr"), Language("de"), Language("en")
SOURCE = "Eine Gruppe von Männern lädt baumwolle auf einen Lastwagen."
TEXT = "Un groupe de männern charge du coton dans un camion."
RIGHT = "Un groupe d'hommes charge du coton dans un camion."


def scores(lines: list[HypothesisLine], source: Language | None = DE) -> dict[str, float]:
    counted = LeftoverScores(FR, source, {})
    counted.add(lines)
    return {name: score.value for name, score in counted.scores().items()}


def test_one_reference_has_nothing_but_the_identifier_to_judge_it() -> None:
    found = scores([HypothesisLine(TEXT, SOURCE, (TEXT,))])
    assert found == {"leftover": 0.0, "leftover_floor": pytest.approx(10.0)}


def test_several_references_judge_each_other() -> None:
    found = scores([HypothesisLine(RIGHT, SOURCE, (TEXT, RIGHT))])
    assert found == {"leftover": 0.0, "leftover_floor": pytest.approx(100 / 20)}
    assert scores([HypothesisLine(RIGHT, SOURCE, (TEXT, TEXT))])["leftover_floor"] == 0.0


def test_the_floor_of_one_reference_is_no_lower_than_that_of_two() -> None:
    lines = [
        HypothesisLine(RIGHT, "Everything is outside.", ("Everything est outside.", "Everything est dehors."))
    ]
    first = [HypothesisLine(line.text, line.source, line.references[:1]) for line in lines]
    assert scores(first, EN)["leftover_floor"] > scores(lines, EN)["leftover_floor"] > 0


def test_what_was_found_of_each_line() -> None:
    found = LeftoverScores(FR, DE, {}).add(
        [HypothesisLine(TEXT, SOURCE, (RIGHT,)), HypothesisLine("", SOURCE, (RIGHT,))]
    )
    assert found == {"leftover": [pytest.approx(10.0), 0.0], "leftover_words": ["männern", ""]}


def test_without_references_there_is_no_floor_and_without_words_no_score() -> None:
    assert scores([HypothesisLine(TEXT, SOURCE)]) == {"leftover": 10.0}
    assert scores([HypothesisLine("", SOURCE)]) == {}
    assert scores([HypothesisLine(TEXT)], None) == {"leftover": 0.0}


@pytest.mark.parametrize(
    ("source", "target", "most"),
    [("de", "fr", 0.05), ("fr", "de", 0.2), ("cs", "fr", 0.05), ("it", "nl", 0.3), ("en", "fr", 0.1)],
)
def test_human_text_has_next_to_none(shared_data: Path, source: str, target: str, most: float) -> None:
    def read(language: str) -> list[str]:
        with gzip.open(shared_data / f"ntrex/newstest2019.{language}.gz", "rt", encoding="utf-8") as file:
            return file.read().split("\n")[:600]

    words = LeftoverWords(Language(target), Language(source))
    words.add(read(target), read(source))
    assert words.score.value < most
