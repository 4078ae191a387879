"""A run directory that was made when the system `base` was called `llama`."""

import json
import re
from pathlib import Path

from tests.pipeline.conftest import RECIPE, Workshop, fake_recipe

from ontarget.pipeline.run import run

FORMER = fake_recipe(systems=["llama", *RECIPE["systems"][1:]])


def age(directory: Path) -> None:
    """Replaces the current id everywhere in a run directory, as if a former version had made it."""
    (directory / "outputs" / "base").rename(directory / "outputs" / "llama")
    for name in ("scores.json", "details.json"):
        file = directory / name
        file.write_text(re.sub(r'("system": |[{ ])"base"', r'\1"llama"', file.read_text()))
    record = directory / "ontarget.json"
    made = json.loads(record.read_text())
    for entry in made.values():
        entry["bytes"] = {name: (directory / name).stat().st_size for name in entry["bytes"]}
    record.write_text(json.dumps(made))
    recipe = directory / "recipe.yaml"
    recipe.write_text(recipe.read_text().replace("systems:\n  base:", "systems:\n  llama:"))
    assert '"base"' not in (directory / "scores.json").read_text()
    assert "  llama:" in recipe.read_text()


def times(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*") if path.name != ".lock"}


def test_a_recipe_with_the_former_id_is_the_same_recipe() -> None:
    assert FORMER.settings() == fake_recipe().settings()


def test_nothing_of_it_is_made_again(workshop: Workshop) -> None:
    directory = run(fake_recipe()).directory
    age(directory)
    before = times(directory)
    workshop.forget()
    done = run(fake_recipe())
    assert (workshop.trained, workshop.translated) == ([], [])
    assert times(directory) == before
    assert {row["system"] for row in done.scores} == {*RECIPE["systems"], "reference"}
    assert "| base model |" in str(done)


def test_what_is_missing_goes_into_the_folder_that_it_has(workshop: Workshop) -> None:
    directory = run(fake_recipe()).directory
    age(directory)
    (directory / "outputs" / "llama" / "it-nl.jsonl").unlink()
    workshop.forget()
    run(fake_recipe())
    assert workshop.translated == ["base it-nl"]
    assert (directory / "outputs" / "llama" / "it-nl.jsonl").is_file()
    assert not (directory / "outputs" / "base").exists()
