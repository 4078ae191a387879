"""Options on the model that a command generates with: a server, and the precision."""

from typing import Annotated

import typer

from ontarget.errors import UserError
from ontarget.served_model import API_KEY_ENV, CONCURRENCY, ServedModel, is_url
from ontarget.settings.decoding import Precision as DecodingPrecision

Served = Annotated[
    str | None,
    typer.Option(
        "--served",
        metavar="NAME",
        help="Name of the model on the server (default: its only one).",
        show_default=False,
    ),
]
Tokenizer = Annotated[
    str | None,
    typer.Option(
        "--tokenizer",
        metavar="DIR|NAME",
        help="Tokenizer of the model on the server, to send prompts as token IDs.",
        show_default=False,
    ),
]
ApiKeyEnv = Annotated[
    str,
    typer.Option("--api-key-env", metavar="VARIABLE", help="Environment variable that contains the API key."),
]
Concurrency = Annotated[
    int,
    typer.Option("--concurrency", min=1, metavar="N", help="Number of parallel requests to a server."),
]
Precision = Annotated[
    DecodingPrecision,
    typer.Option(
        "--precision",
        help="Precision of the model. auto is bf16 on a GPU and fp32 on a CPU; bf16 is faster on CPUs with "
        "AMX or AVX512-BF16, and replaced by fp32 on CPUs without instructions for bf16.",
    ),
]


def chosen_model(
    model: str,
    served: str | None = None,
    tokenizer: str | None = None,
    api_key_env: str = API_KEY_ENV,
    concurrency: int = CONCURRENCY,
) -> str | ServedModel:
    """The model that the options name.

    Raises:
        UserError: the model is not on a server, but there are options for one.
    """
    if is_url(model):
        return ServedModel(model, served or "", tokenizer, api_key_env, concurrency)
    for option, value in (("--served", served), ("--tokenizer", tokenizer)):
        if value is not None:
            raise UserError(
                f"{option} is for a model on a server; give its URL, such as --model http://localhost:8000/v1"
            )
    return model
