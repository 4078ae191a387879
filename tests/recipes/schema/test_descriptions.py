"""The reference page of keys is made of descriptions, so every key has one."""

import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from ontarget.former_names import KEYS
from ontarget.recipes.schema.recipe import Recipe

ROOT = Path(__file__).parents[3]


def blocks(annotation: Any) -> Iterator[type[BaseModel]]:
    """The blocks in a type, and those inside them."""
    for part in get_args(annotation):
        yield from blocks(part)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        for field in annotation.model_fields.values():
            yield from blocks(field.annotation)


FIELDS = {
    f"{block.__name__}.{field.alias or name}": field
    for block in dict.fromkeys(blocks(Recipe))
    for name, field in block.model_fields.items()
}


def test_all_blocks_are_found() -> None:
    assert len({name.partition(".")[0] for name in FIELDS}) >= 28


@pytest.mark.parametrize(("name", "field"), FIELDS.items(), ids=FIELDS)
def test_every_key_has_a_description_that_fits_into_the_table(name: str, field: FieldInfo) -> None:
    text = field.description
    assert text, name
    assert not text.endswith(".")
    assert text[0] == "`" or text[0].islower() or text[:2].isupper()  # BPE, BCP
    assert text.count("`") % 2 == 0


def test_every_present_name_of_a_former_one_is_a_key_of_the_page() -> None:
    page = runpy.run_path(str(ROOT / ".ci" / "recipe_keys.py"))["page"]()
    table = page.partition("## Former names")[0]
    present = {name for block, names in KEYS.items() if block != "systems" for name in names.values()}
    rows = {line.split("`")[1].rpartition(".")[2] for line in table.splitlines() if line.startswith("| `")}
    assert present <= rows
