"""API keys: who may use the server, and how much."""

import hmac
import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path

import yaml
from pydantic import Field, ValidationError
from starlette.requests import Request

from ontarget.errors import UserError, nearest
from ontarget.serving.body import sentence_of
from ontarget.serving.client_limits import Client, ClientLimits
from ontarget.serving.failure import Failure
from ontarget.serving.kept_usage import KeptUsage
from ontarget.yaml_text import problem_in, read_yaml

_LEAST = 8  # characters
_SCHEMES = ("bearer ", "deepl-auth-key ")
_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,63}", re.ASCII)


class ApiKeys:
    """The keys that are accepted; without any, everybody is.

    Args:
        keys: the keys, or each with its client.
    """

    def __init__(self, keys: Iterable[str] | Mapping[str, Client] = ()) -> None:
        clients = keys if isinstance(keys, Mapping) else {key: Client(_name_of(key)) for key in keys}
        self._clients = {_hash(key): client for key, client in clients.items()}
        self._everybody = Client("")
        self._usage: KeptUsage | None = None

    def __bool__(self) -> bool:
        return bool(self._clients)

    def keep_usage(self, file: Path) -> None:
        """Continues to count the characters of clients where a file ends, and keeps them there.

        Raises:
            UserError: the file cannot be read, or is damaged.
        """
        self._usage = KeptUsage(file, list(self._clients.values()))

    def close(self) -> None:
        """Writes what is still to be kept."""
        if self._usage is not None:
            self._usage.close()

    def accept(self, key: str) -> Client | None:
        """The client of a key; takes the same time wherever a wrong key differs."""
        given = _hash(key)
        # A list: all are compared.
        found = [client for one, client in self._clients.items() if hmac.compare_digest(given, one)]
        return found[0] if found else None

    def require(self, http: Request, in_body: object = None) -> Client:
        """The client of a request, which counts it.

        Args:
            http: the request; its headers or its query may have the key.
            in_body: the key in its body, as in LibreTranslate's API.
        Raises:
            Failure: there is no key, a wrong one, or one with too many requests.
        """
        if not self._clients:
            return self._everybody
        given = in_body if isinstance(in_body, str) and in_body else _in_head(http)
        client = self.accept(given) if given else None
        if client is None:
            # DeepL's clients take 403 for a wrong key.
            status = 403 if http.url.path.startswith(("/v2/", "/v3/")) else 401
            message = "the API key is missing or wrong; send it in the header Authorization, after 'Bearer '"
            raise Failure(status, "invalid_api_key", message, headers={"WWW-Authenticate": "Bearer"})
        http.state.client = client
        client.count_request()
        return client

    def client(self, http: Request) -> Client:
        """The client of a request whose key was accepted before."""
        found = getattr(http.state, "client", self._everybody)
        assert isinstance(found, Client)
        return found


class NamedKey(ClientLimits):
    """An entry of a YAML file of keys."""

    key: str = Field(min_length=_LEAST)


def read_api_keys(file: Path | None, variable: str) -> ApiKeys:
    """The keys of a file, and those of an environment variable, which commas separate.

    A YAML file has names with keys and limits, any other file a key in each line.

    Raises:
        UserError: the file cannot be read, or a key is too short.
    """
    found = dict[str, Client]()
    if file is not None:
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            raise UserError(
                f"the API keys cannot be read from '{file}'; give a file with a key in each line, or YAML"
            ) from None
        found = _named(text, file) if file.suffix in (".yaml", ".yml") else _by_line(text, file)
        if not found:
            raise UserError(f"'{file}' has no API key; write one in each line")
    for number, one in enumerate(variable.split(","), 1):
        if (key := one.strip()) and key not in found:
            _check_length(key, f"API key {number} of the environment variable")
            found[key] = Client(_name_of(key))
    return ApiKeys(found)


def _by_line(text: str, file: Path) -> dict[str, Client]:
    found = dict[str, Client]()
    for number, line in enumerate(text.splitlines(), 1):
        key = line.strip()
        if key and not key.startswith("#"):
            _check_length(key, f"the API key in line {number} of '{file}'")
            found[key] = Client(_name_of(key))
    return found


def _check_length(key: str, where: str) -> None:
    if len(key) < _LEAST:
        raise UserError(f"{where} has fewer than {_LEAST} characters; choose a longer one")


def _named(text: str, file: Path) -> dict[str, Client]:
    """The keys of a YAML file; no message has a value, since it may be a key."""
    try:
        entries = read_yaml(text) or {}
    except yaml.YAMLError as error:
        raise UserError(f"'{file}' is not YAML: {problem_in(error)}") from None
    if not isinstance(entries, dict):
        raise UserError(
            f"'{file}' has no names; write each API key as NAME: KEY, or give a .txt file of keys"
        )
    found = dict[str, Client]()
    for number, (name, entry) in enumerate(entries.items(), 1):
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise UserError(f"name {number} in '{file}' is not a name; use letters, digits, '.', '-' and '_'")
        fields = entry if isinstance(entry, dict) else {"key": entry}
        known = NamedKey.model_json_schema()["properties"]
        if unknown := [key for key in map(str, fields) if key not in known]:
            hint = nearest(unknown[0], known) or f"; known are {', '.join(known)}"
            raise UserError(f"the API key '{name}' in '{file}' has an unknown entry{hint}")
        try:
            one = NamedKey.model_validate(fields)
        except ValidationError as error:
            details = error.errors(include_url=False, include_input=False)
            number = any(one["type"] == "string_type" for one in details)
            remedy = "; put it in quotes, since YAML reads digits as a number" if number else ""
            message = f"the API key '{name}' in '{file}' is wrong: {sentence_of(details, fields)}{remedy}"
            raise UserError(message) from None
        if one.key in found:
            raise UserError(
                f"'{found[one.key].name}' and '{name}' in '{file}' have the same key; make another"
            )
        limits = ClientLimits.model_validate(one.model_dump(by_alias=True, exclude={"key"}))
        found[one.key] = Client(name, limits)
    return found


def _in_head(http: Request) -> str:
    """The key in the headers of a request or, as in LibreTranslate's API, its query; empty without one."""
    authorization = http.headers.get("authorization", "")
    for scheme in _SCHEMES:
        if authorization.lower().startswith(scheme):
            return authorization[len(scheme) :].strip()
    return http.headers.get("x-api-key", "") or http.query_params.get("api_key", "")


def _hash(key: str) -> bytes:
    return sha256(key.encode("utf-8", "surrogatepass")).digest()  # any string has a hash


def _name_of(key: str) -> str:
    """The name of a key without one: the same each time, and not a secret."""
    return f"key-{_hash(key).hex()[:12]}"
