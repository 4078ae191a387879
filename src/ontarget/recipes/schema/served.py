"""The model of a recipe that is on a server."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PositiveInt

from ontarget.recipes.schema.block import Block
from ontarget.served_model import API_KEY_ENV, CONCURRENCY, ServedModel


class ServedSettings(Block):
    """The model on the server at `model`, and how it is prompted."""

    name: str = Field(min_length=1, description="name of the model on the server")
    tokenizer: str | None = Field(
        None,
        description="directory or Hub name of its tokenizer, to send prompts as token IDs; default: prompts "
        "are text, or messages for the server's own chat template",
    )
    api_key_env: str = Field(API_KEY_ENV, description="environment variable that contains the API key")
    concurrency: PositiveInt = Field(CONCURRENCY, description="number of parallel requests")

    def at(self, url: str) -> ServedModel:
        """The model on the server at a URL.

        Raises:
            UserError: the URL is not valid.
        """
        return ServedModel(url, **self.model_dump())


def _by_name(value: Any) -> Any:
    return value if isinstance(value, Mapping | ServedSettings) or value is None else {"name": value}


Served = Annotated[ServedSettings | None, BeforeValidator(_by_name)]
"""The settings, or only the name."""
