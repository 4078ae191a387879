"""Base class and common types of the blocks of a recipe."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, PositiveInt

from ontarget.errors import UserError

Count = PositiveInt | Literal["all"]
POST_INSTRUCTION = "put the instruction after the input"


def _as_folder(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
        raise ValueError(
            "a name has letters from a to z, digits, '.', '_' and '-', and begins with a letter or a digit"
        )
    return name


Name = Annotated[str, AfterValidator(_as_folder)]  # names become folders


class Block(BaseModel):
    """A mapping in a recipe. It rejects unknown keys and cannot be changed after validation."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@contextmanager
def mistakes(where: str = "") -> Iterator[None]:
    """Turns a UserError into a ValueError, which pydantic reports.

    Raises:
        ValueError: with `where` and the message of the error.
    """
    try:
        yield
    except UserError as error:
        raise ValueError(f"{where}{error}") from None
