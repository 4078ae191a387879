"""Former names of keys and values are read everywhere, with one note, and fingerprints keep them."""

import logging
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ontarget.errors import UserError
from ontarget.former_names import KEYS, VALUES, current, former
from ontarget.recipes.loading import _note, check, load, read, shipped
from ontarget.recipes.sweep import points

SWEPT = """
extends: phrasebook-tiny
name: swept
stages.base.tuning.steps: 7
stages.distilled: {kind: pivot-distillation, from: mt, halfway: corpus, original: target, tuning: {steps: 1}}
systems: {few: {model: mt, demonstrations: 2, decoding: {beam: 2}}}
sweep:
  - variants:
      plain: {stages.ontarget.conflict: {revealing: null}}
      more: {stages.lat: {kind: likelihood, from: mt, tuning: {steps: 2}}}
  - stages.lat.tuning.steps, stages.ontarget.tuning.steps: [5, 6]
  - stages.distilled.original: [source, both]
"""


@pytest.fixture(autouse=True)
def _fresh_notes() -> None:
    _note.cache_clear()


def notes(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


@pytest.mark.parametrize("name", shipped())
def test_a_recipe_under_former_names_is_the_same(name: str) -> None:
    data = read(name)
    old = former(data)
    assert current(old) == data
    assert check(old, name) == check(data, name)


@pytest.mark.parametrize("name", ["phrasebook-study", "multi30k-study"])
def test_a_sweep_under_former_names_has_the_same_points(name: str, tmp_path: Path) -> None:
    (tmp_path / "old.yaml").write_text(yaml.safe_dump(former(read(name)), sort_keys=False), encoding="utf-8")
    ours, theirs = points(name), points(tmp_path / "old.yaml")
    assert [point.recipe for point in theirs] == [point.recipe for point in ours]
    assert [point.values for point in theirs] == [point.values for point in ours]


def values_of(block: str, key: str) -> st.SearchStrategy[Any]:
    known = VALUES.get(f"{block}.{key}", {})
    return st.sampled_from(list(known)) if known else st.one_of(st.integers(), st.text(max_size=3), st.none())


def blocks() -> st.SearchStrategy[dict[str, Any]]:
    """Overrides such as `stages.a.tuning`: a block with some of its keys, all by their former names."""
    names = {
        block: [key for key in keys if key != "llama"] for block, keys in KEYS.items() if block != "systems"
    }
    return st.fixed_dictionaries(
        {},
        optional={
            block.replace("*", "a"): st.fixed_dictionaries(
                {}, optional={k: values_of(block, k) for k in keys}
            )
            for block, keys in names.items()
        },
    )


@given(blocks())
def test_renaming_is_undone_by_its_reverse(overrides: dict[str, Any]) -> None:
    used: dict[str, str] = {}
    renamed = current(overrides, used)
    assert former(renamed) == overrides
    assert current(renamed) == renamed
    assert {key for block in overrides.values() for key in block} == set(used)
    assert not {key for block in renamed.values() for key in block} & set(used)


def test_extends_blocks_sweeps_and_overrides(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "mine.yaml").write_text(SWEPT, encoding="utf-8")
    overrides = [
        "stages.mt.tuning.batch_samples=3",
        "decoding={beam: 2}",
        "stages.mt.tuning.optimiser=adamw-8bit",
    ]
    found = points(tmp_path / "mine.yaml", overrides)
    assert [point.label for point in found] == [
        *("plain", "more"),
        *("max_steps=5", "max_steps=6"),
        *("synthetic_side=target", "synthetic_side=both"),
    ]
    for point in found:
        stages: Any = point.recipe.stages
        assert stages["base"].tuning.max_steps == 7
        assert stages["mt"].tuning.global_batch_size == 3
        assert stages["mt"].tuning.optim == "adamw_bnb_8bit"
        assert stages["distilled"].pivot_source == "corpus"
        assert point.recipe.systems["few"].num_fewshot == 2
        assert (point.recipe.decoding_of("few").num_beams, point.recipe.decoding.num_beams) == (2, 2)
    plain, more, five, _, target, both = (point.recipe.stages for point in found)
    assert plain["ontarget"].conflict.token_weighting is None  # type: ignore[union-attr]
    assert (more["lat"].kind, more["lat"].tuning.max_steps) == ("sft", 2)
    assert five["lat"].tuning.max_steps == five["ontarget"].tuning.max_steps == 5
    sides = [stages["distilled"].synthetic_side for stages in (five, target, both)]  # type: ignore[union-attr]
    assert sides == ["source", "target", "both"]  # `original` named the other side
    of_file, of_overrides = notes(caplog)
    assert "former names in" in of_file
    assert "halfway is now called pivot_source" in of_file
    assert "kind: likelihood is now called kind: sft" in of_file
    assert of_overrides.startswith(
        "note: former names in overrides still work, but batch_samples is now called global"
    )


def test_a_command_has_one_note_and_none_without_former_names(caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):
        load("phrasebook-tiny", ["stages.mt.tuning.batch_samples=3"])
    assert notes(caplog) == [
        "note: former names in overrides still work, but batch_samples is now called global_batch_size"
    ]
    caplog.clear()
    for name in shipped():
        load(name)
    assert notes(caplog) == []


def test_a_key_under_both_names_is_one_sentence() -> None:
    tuning = {"steps": 1, "max_steps": 2}
    data = read("phrasebook-tiny") | {"stages": {"base": {"kind": "pretraining", "tuning": tuning}}}
    with pytest.raises(UserError) as caught:
        check(data, "mine.yaml")
    assert str(caught.value) == (
        "mine.yaml: 'stages.base.tuning.max_steps' is given twice, once under its former name; remove one"
    )


def test_names_of_stages_systems_variants_and_sentences_are_left_alone() -> None:
    data = {
        "stages": {
            "steps": {"wordings": {"steps, lines, beam": 1.0}, "conflict": {"counts": {"de": {"en": 1}}}}
        },
        "systems": {"beam": {"model": "steps"}},
        "sweep": [{"variants": {"revealing": {}}, "reference": "revealing"}],
        "corpus": {"files": {"columns": {"original": "de", "lines": "en"}}},
    }
    assert current(data) == former(data) == data
    assert current({"a": [], "languages": "de", 1: {2: 3}}) == {"a": [], "languages": "de", 1: {2: 3}}  # type: ignore[dict-item]


def test_the_value_of_a_current_name_is_not_a_former_one() -> None:
    """`constant` of transformers has no warm-up, which ours always had."""
    assert load("phrasebook-tiny", ["stages.mt.tuning.schedule=constant"]).stages[
        "mt"
    ].tuning.lr_scheduler_type == ("constant_with_warmup")
    with pytest.raises(
        UserError, match=r"'stages\.mt\.tuning\.lr_scheduler_type' is 'constant': should be 'cosine'"
    ):
        load("phrasebook-tiny", ["stages.mt.tuning.lr_scheduler_type=constant"])
