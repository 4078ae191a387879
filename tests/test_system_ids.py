"""Former ids of systems."""

from pathlib import Path

from ontarget.recipes.schema.systems import SYSTEMS
from ontarget.system_ids import BASE, current_id, former_id, outputs_folder


def test_a_former_id_means_the_current_one() -> None:
    assert current_id("llama") == BASE == "base"
    assert former_id("base") == "llama"
    assert all(current_id(former_id(system)) == system == current_id(system) for system in SYSTEMS)


def test_a_run_keeps_the_folder_of_a_former_id(tmp_path: Path) -> None:
    assert outputs_folder(tmp_path, "base") == tmp_path / "base"
    (tmp_path / "llama").mkdir()
    assert outputs_folder(tmp_path, "base") == tmp_path / "llama"
    assert outputs_folder(tmp_path, "mt") == tmp_path / "mt"
    (tmp_path / "base").mkdir()
    assert outputs_folder(tmp_path, "base") == tmp_path / "base"
