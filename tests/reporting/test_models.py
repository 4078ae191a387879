"""Names and sizes of models below tables."""

from pathlib import Path
from typing import Any

import pytest
from tests.reporting.conftest import write_run, write_sizes

from ontarget.pipeline.finished import Run
from ontarget.reporting import run_files
from ontarget.reporting import table_formats as forms
from ontarget.reporting.models import about_models, in_words, root_name
from ontarget.reporting.series import series_of
from ontarget.reporting.systems import display_name
from ontarget.reporting.table import comparison, layout

SMOL = 134_515_008
TUNED: dict[str, Any] = {
    "stages": {"mt": {"from": "HuggingFaceTB/SmolLM2-135M-Instruct"}, "lat": {"from": "mt"}},
    "systems": {"base": {"model": "HuggingFaceTB/SmolLM2-135M-Instruct"}, "mt": {"model": "mt"},
                "lat": {"model": "lat"}},
}  # fmt: skip


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (SMOL, "135 million"), (1_726_656, "1.7 million"), (7_241_732_096, "7.2 billion"),
        (1_000_000, "1 million"), (999_400_000, "999 million"), (999_600_000, "1 billion"),
        (9_949_999, "9.9 million"), (9_960_000, "10 million"), (12_345, "12,345"),
        (1_235_814_400, "1.2 billion"),        (70_553_706_496, "71 billion"), (0, "0"),
    ],
)  # fmt: skip
def test_a_number_is_said_as_people_say_it(number: int, words: str) -> None:
    assert in_words(number) == words


@pytest.mark.parametrize(
    ("recipe", "system", "name"),
    [
        (TUNED, "lat", "SmolLM2-135M-Instruct"),
        (TUNED, "base", "SmolLM2-135M-Instruct"),
        ({"model": "/models/mine", "systems": {"base": {}}}, "base", "mine"),
        ({"stages": {"base": {}, "mt": {"from": "base"}}, "systems": {"mt": {"model": "mt"}}}, "mt", ""),
        ({"stages": {"a": {"from": "b"}, "b": {"from": "a"}}, "systems": {"a": {"model": "a"}}}, "a", ""),
        ({"stages": {"a": 1}, "systems": {"a": {"model": "a"}}}, "a", ""),
        ({"systems": ["base"]}, "base", ""),
        ({}, "base", ""),
    ],
)
def test_the_root_of_a_system_is_the_model_that_its_stages_start_from(
    recipe: dict[str, Any], system: str, name: str
) -> None:
    assert root_name(recipe, system) == name


def test_one_model_for_all_systems_is_named_once(run_dir: Path) -> None:
    write_sizes(run_dir, {"base": SMOL, "mt": SMOL, "lat": SMOL})
    systems = ["base", "mt", "lat"]
    said = about_models(run_dir, TUNED, systems, display_name)
    assert said == "Base model: SmolLM2-135M-Instruct, 135 million parameters."


def test_several_models_are_named_with_their_systems(run_dir: Path) -> None:
    recipe = {
        "systems": {"base": {"model": "org/big"}, "mt": {"model": "org/small"}, "lat": {"model": "org/big"}}
    }
    write_sizes(run_dir, {"base": 7_000_000_000, "mt": 20_000_000, "lat": 7_000_000_000, "ptl": 5})
    assert about_models(run_dir, recipe, ["base", "mt", "lat"], display_name) == (
        "Models: big, 7 billion parameters (base model, LAT); small, 20 million parameters (MT)."
    )


def test_a_run_without_stages_has_a_model_and_no_base(run_dir: Path) -> None:
    write_sizes(run_dir, {"base": SMOL})
    said = about_models(run_dir, {"model": "owner/chat"}, ["base", "mt"], display_name)
    assert said == "Model: chat, 135 million parameters."


def test_without_a_record_nothing_is_said(run_dir: Path) -> None:
    assert about_models(run_dir, TUNED, ["base", "mt"], display_name) == ""
    (run_dir / "outputs" / "mt" / "ontarget.json").write_text("{broken", encoding="utf-8")
    (run_dir / "outputs" / "lat" / "ontarget.json").write_text("[]", encoding="utf-8")
    assert about_models(run_dir, TUNED, ["base", "mt", "lat"], display_name) == ""


def test_a_former_id_of_the_base_counts(run_dir: Path) -> None:
    (run_dir / "outputs" / "base").rename(run_dir / "outputs" / "llama")
    write_sizes(run_dir, {"llama": SMOL})
    assert about_models(run_dir, {}, ["base"], display_name) == "Model: 135 million parameters."


def test_every_form_of_the_table_of_averages_has_the_line(run_dir: Path) -> None:
    write_sizes(run_dir, {"mt": 1_700_000})
    line = "Base model: 1.7 million parameters."
    run = run_files.read(run_dir)
    table = layout(run.scores, None, run.details)
    assert forms.markdown(table).endswith(f"\n†: differs from MT, p < 0.05. {line}\n")
    assert line in forms.latex(table)
    assert str(forms.terminal(table).caption).endswith(line)
    assert layout(run.scores, "zero-shot", run.details).note == ""
    assert line in str(Run(run_dir))


def test_several_runs_name_their_models_once_if_they_are_the_same(run_dir: Path, tmp_path: Path) -> None:
    other = write_run(tmp_path / "other")
    write_sizes(run_dir, {"mt": 1_700_000})
    write_sizes(other, {"mt": 1_700_000})

    def note() -> str:
        return comparison(series_of([run_files.read(run_dir), run_files.read(other)])).note

    assert note() == "Base model: 1.7 million parameters."
    write_sizes(other, {"mt": 7_000_000})
    assert note() == (
        "phrasebook-fake: base model: 1.7 million parameters. other: base model: 7 million parameters."
    )
