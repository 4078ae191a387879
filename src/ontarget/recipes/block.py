"""What all blocks of a recipe share."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, PositiveInt, StringConstraints

Count = PositiveInt | Literal["all"]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]  # names become folders


class Block(BaseModel):
    """A mapping of a recipe: it refuses keys that it does not know, and what was checked stays so."""

    model_config = ConfigDict(extra="forbid", frozen=True)
