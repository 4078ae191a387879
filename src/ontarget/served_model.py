"""A model on a server with OpenAI's API: vLLM, llama.cpp, Ollama, SGLang or a hosted one."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from ontarget.errors import UserError

API_KEY_ENV, CONCURRENCY = "OPENAI_API_KEY", 16


def is_url(model: object) -> bool:
    """Whether a model is given by the address of a server, not by a directory or a Hub name."""
    return isinstance(model, str) and re.match(r"https?:", model, re.IGNORECASE) is not None


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model that answers at a URL, and how it is prompted.

    Attributes:
        url: base URL of the server's API, which usually ends in `/v1`.
        name: the model's name on the server; empty: the server's only model.
        tokenizer: directory or Hub name of the model's tokenizer. Prompts are then sent as token ids, so no
            user text can become a control token, and the model's chat template is rendered here.
        api_key_env: the environment variable with the API key; if it is not set, no key is sent.
        concurrency: number of requests at a time.
    Raises:
        UserError: the URL is not valid, or contains a password.
    """

    url: str
    name: str = ""
    tokenizer: str | None = None
    api_key_env: str = API_KEY_ENV
    concurrency: int = CONCURRENCY

    def __post_init__(self) -> None:
        check_url(self.url)
        if self.concurrency < 1:
            raise UserError(f"concurrency must be at least 1, not {self.concurrency}")

    def __str__(self) -> str:
        return f"{self.name} at {self.url}" if self.name else self.url


def check_url(url: str) -> None:
    """Checks the base URL of a server.

    Raises:
        UserError: it is not an HTTP address, or has a query or a password in it, which would be written to
            recipes and messages.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https"):
        raise UserError(
            f"'{url}' is not the address of a server; it must be of the form http://localhost:8000/v1"
        )
    if parts.username is not None or parts.query or parts.fragment:
        raise UserError(
            f"the address of the server {host} must be of the form http://localhost:8000/v1, without a user "
            "name, '?' or '#'; put a key into the environment variable OPENAI_API_KEY"
        )
