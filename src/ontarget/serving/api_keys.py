"""API keys: who may use the server."""

import hmac
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from starlette.requests import Request

from ontarget.errors import UserError
from ontarget.serving.failure import Failure

_LEAST = 8  # characters
_SCHEMES = ("bearer ", "deepl-auth-key ")


class ApiKeys:
    """The keys that are accepted; without any, everybody is."""

    def __init__(self, keys: Iterable[str] = ()) -> None:
        self._hashes = [_hash(key) for key in keys]

    def __bool__(self) -> bool:
        return bool(self._hashes)

    def accept(self, key: str) -> bool:
        """Whether a key is one of them; takes the same time wherever a wrong key differs."""
        given = _hash(key)
        return any([hmac.compare_digest(given, one) for one in self._hashes])  # a list: all are compared

    def require(self, http: Request, in_body: object = None) -> None:
        """Refuses a request without an accepted key.

        Args:
            http: the request; its headers may have the key.
            in_body: the key in its body, as in LibreTranslate's API.
        Raises:
            Failure: there is no key, or a wrong one.
        """
        if not self._hashes:
            return
        given = in_body if isinstance(in_body, str) and in_body else _in_headers(http)
        if given and self.accept(given):
            return
        # DeepL's clients take 403 for a wrong key.
        status = 403 if http.url.path.startswith("/v2/") else 401
        message = "the API key is missing or wrong; send it in the header Authorization, after 'Bearer '"
        raise Failure(status, "invalid_api_key", message, headers={"WWW-Authenticate": "Bearer"})


def read_api_keys(file: Path | None, variable: str) -> ApiKeys:
    """The keys of a file, one in each line, and those of an environment variable, which commas separate.

    Raises:
        UserError: the file cannot be read, or a key is too short.
    """
    keys = [key.strip() for key in variable.split(",")]
    if file is not None:
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            raise UserError(
                f"the API keys cannot be read from '{file}'; give a text file with a key in each line"
            ) from None
        of_file = [line.strip() for line in lines if not line.lstrip().startswith("#")]
        if not any(of_file):
            raise UserError(f"'{file}' has no API key; write one in each line")
        keys += of_file
    keys = [key for key in keys if key]
    if any(len(key) < _LEAST for key in keys):
        raise UserError(f"an API key has fewer than {_LEAST} characters; choose a longer one")
    return ApiKeys(keys)


def _in_headers(http: Request) -> str:
    authorization = http.headers.get("authorization", "")
    for scheme in _SCHEMES:
        if authorization.lower().startswith(scheme):
            return authorization[len(scheme) :].strip()
    return http.headers.get("x-api-key", "")


def _hash(key: str) -> bytes:
    return sha256(key.encode("utf-8", "surrogateescape")).digest()
