"""What all blocks of a recipe share."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, PositiveInt, StringConstraints

from ontarget.errors import UserError

Count = PositiveInt | Literal["all"]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]  # names become folders


class Block(BaseModel):
    """A mapping of a recipe: it refuses keys that it does not know, and what was checked stays so."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@contextmanager
def mistakes(where: str = "") -> Iterator[None]:
    """Makes of our errors what pydantic reports of a recipe.

    Raises:
        ValueError: with the words of the error, after `where`.
    """
    try:
        yield
    except UserError as error:
        raise ValueError(f"{where}{error}") from None
