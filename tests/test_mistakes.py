"""A mistake is said of the value that the user has written, whatever types it may have."""

from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field, ValidationError

from ontarget.mistakes import mistakes_in


class Inner(BaseModel, extra="forbid"):
    size: int = Field(1, ge=1)


class Outer(BaseModel, extra="forbid"):
    one: str | list[str] | Inner = ""
    pairs: list[tuple[str, str]] = []
    some: Annotated[tuple[float, ...], Field(max_length=2)] = ()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"one": 3}, {"one": "should be a string or a list or a mapping of keys to values"}),
        ({"one": [3, "a", 4]}, {"one.0": "should be a string", "one.2": "should be a string"}),
        ({"one": {"size": "x"}}, {"one.size": "should be a whole number"}),
        ({"one": {"size": 0}}, {"one.size": "should be greater than or equal to 1"}),
        ({"pairs": [["a"], "b"]}, {"pairs.0.1": "field required", "pairs.1": "should be a list"}),
        ({"pairs": [["a", "b", "c"]]}, {"pairs.0": "should have at most 2 entries"}),
        ({"some": [1, 2, 3]}, {"some": "should have at most 2 entries"}),
        ({"some": [None]}, {"some.0": "should be a number"}),
        (3, {"": "should be a mapping of keys to values"}),
    ],
)
def test_each_place_has_one_requirement(data: Any, expected: dict[str, str]) -> None:
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate(data)
    found = mistakes_in(caught.value.errors(), data)
    assert {".".join(one.path): one.requirement for one in found} == expected
