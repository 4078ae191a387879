"""Which lines are translated for a stage."""

from itertools import pairwise
from typing import Any

import pytest
from tests.pipeline.conftest import fake_recipe, synthetic_recipe

from ontarget.corpora.corpus import Corpus, Translation
from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.pipeline.execution.distillation_sources import directions_of, drawn_lines

EN, IT, NL = Language("en"), Language("it"), Language("nl")
EN_NL, IT_EN, IT_NL, NL_IT = map(Direction.parse, ("en-nl", "it-en", "it-nl", "nl-it"))


def drawn(corpus: Corpus, stage: str = "st", direction: Direction = IT_NL, **changes: Any) -> list[str]:
    lines = drawn_lines(synthetic_recipe(**{stage: changes}), stage, corpus, direction)
    assert all(line.given == Translation(line.source, "", direction) for line in lines)
    return [line.source for line in lines]


def test_are_train_lines_of_the_source_language_each_once() -> None:
    train = {IT: ["a", "b", "a", " ", "c"], NL: ["1", "2", "3", "4", "5"]}
    corpus = Corpus("x", {"train": train})
    assert sorted(drawn(corpus, max_lines="all")) == ["a", "b", "c"]
    assert sorted(drawn(corpus, direction=NL_IT, max_lines=5)) == ["1", "2", "3", "4", "5"]
    assert len(drawn(corpus, "pd", max_lines=2)) == 2


def test_are_never_lines_of_the_test_or_validation_split() -> None:
    lines = [f"line {number}" for number in range(40)]
    train = {IT: lines, NL: lines}
    held_out = {"test": {IT: lines[:10], NL: lines[20:]}, "validation": {IT: [f" {lines[10]} "], NL: [""]}}
    corpus = Corpus("x", {"train": train, **held_out})
    assert sorted(drawn(corpus, max_lines="all")) == sorted(lines[11:])
    assert len(drawn(corpus, max_lines=29)) == 29


def test_are_others_for_a_stage_that_is_built_on_another() -> None:
    corpus = Corpus("x", {"train": {IT: [str(number) for number in range(1000)]}})
    recipe = synthetic_recipe(st={"max_lines": 20, "rounds": 3})
    sets = [
        {line.source for line in drawn_lines(recipe, name, corpus, IT_NL)} for name in ("st-1", "st-2", "st")
    ]
    assert all(len(a & b) < 10 for a, b in pairwise(sets))
    assert sets[2] == {line.source for line in drawn_lines(recipe, "st", corpus, IT_NL)}


class TestHalfway:
    """What the corpus has in the pivot language is translated in the place of the line."""

    TRAIN = {EN: ["one", "two", " ", "four"], IT: ["uno", "due", "tre", "quattro"]}  # noqa: RUF012

    def given(self, direction: Direction, **splits: Any) -> set[tuple[str, str, str]]:
        recipe = synthetic_recipe(pd={"pivot_source": "corpus", "max_lines": "all"})
        lines = drawn_lines(recipe, "pd", Corpus("x", {"train": self.TRAIN, **splits}), direction)
        return {(line.source, line.given.source, str(line.given.direction)) for line in lines}

    def test_is_what_is_aligned_with_the_line(self) -> None:
        assert self.given(IT_NL) == {
            (it, en, "en-nl") for it, en in [("uno", "one"), ("due", "two"), ("quattro", "four")]
        }

    def test_is_no_line_of_the_test_split_either(self) -> None:
        assert self.given(IT_NL, test={EN: ["two"], IT: ["due!"]}) == {
            ("uno", "one", "en-nl"),
            ("quattro", "four", "en-nl"),
        }

    def test_of_a_direction_with_the_pivot_as_a_side_is_the_line(self) -> None:
        assert ("uno", "uno", "it-en") in self.given(IT_EN)


def test_a_recipe_without_zero_shot_directions_is_told_to_name_some() -> None:
    stages = {
        "mt": {"kind": "sft", "from": "owner/model", "tuning": {"max_steps": 1}},
        "st": {"kind": "self-training", "from": "mt", "tuning": {"max_steps": 1}},
    }
    two = fake_recipe(languages=["en", "it"], stages=stages, systems=["mt"])
    with pytest.raises(UserError, match=r"stages\.st learns zero-shot directions, but the recipe has none"):
        directions_of(two, "st")
