"""Options of `ontarget serve` from environment variables and a YAML file.

The command line wins over a variable, and a variable over the file.
"""

import os
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from typer.exceptions import TyperException

from ontarget.errors import UserError, nearest
from ontarget.yaml_text import problem_in, read_yaml

# ONTARGET_API_KEYS has the keys themselves.
_VARIABLES = {"api-keys": "ONTARGET_API_KEYS_FILE"}
_CONFIG = "config"
_MOST_BYTES = 1 << 20


def variable_of(option: str) -> str:
    """The environment variable of an option, such as `ONTARGET_MAX_TEXTS` of `max-texts`."""
    return _VARIABLES.get(option, f"ONTARGET_{option.upper().replace('-', '_')}")


def _fill(context: typer.Context, _: typer.CallbackParam, file: Path | None) -> Path | None:
    """Makes the variables and the file the defaults of the options, before these are read.

    Raises:
        UserError: the file cannot be read, has an unknown key, or a value is wrong.
    """
    options = {
        parameter.opts[0].removeprefix("--"): parameter
        for parameter in context.command.params
        if parameter.name not in (_CONFIG, "help")
    }
    found = dict[str, Any]()
    for key, value in ({} if file is None else _read(file)).items():
        where = f"'{key}' in '{file}'"
        if key not in options:
            raise UserError(f"unknown key {where}{nearest(key, options) or '; keys are names of options'}")
        found[key] = _checked(context, options[key], _given(options[key], value, where), where)
    for key, option in options.items():
        if text := os.environ.get(variable_of(key)):
            value = text.split(",") if _is_repeated(option) else text
            found[key] = _checked(context, option, value, variable_of(key))
    context.default_map = {str(options[key].name): value for key, value in found.items()}
    return file


Config = Annotated[
    Path | None,
    typer.Option(
        f"--{_CONFIG}",
        metavar="FILE",
        envvar=variable_of(_CONFIG),
        show_envvar=False,
        is_eager=True,
        callback=_fill,
        help="YAML file of options, such as 'port: 8080'.",
        show_default=False,
    ),
]
"""The file; its callback sets the other options, so the command ignores its value."""


def _read(file: Path) -> dict[str, Any]:
    try:
        with file.open("rb") as opened:
            data = opened.read(_MOST_BYTES + 1)
        if len(data) > _MOST_BYTES:
            raise UserError(f"--{_CONFIG} '{file}' is larger than 1 MiB; give a YAML file of options")
        found = read_yaml(data.decode())
    except OSError as error:
        raise UserError(f"--{_CONFIG} '{file}' cannot be read: {error.strerror}; check its path") from None
    except UnicodeDecodeError:
        raise UserError(f"--{_CONFIG} '{file}' is not in UTF-8; save it as UTF-8") from None
    except yaml.YAMLError as error:
        raise UserError(f"--{_CONFIG} '{file}' is not YAML: {problem_in(error)}") from None
    if not isinstance(found, dict):
        raise UserError(f"--{_CONFIG} '{file}' has no keys; write options, such as 'port: 8080'")
    return {str(key): value for key, value in found.items()}


def _given(option: Any, value: Any, where: str) -> Any:
    """A value of the file as the command line would have it.

    Raises:
        UserError: it is empty, or not a value of the option's kind.
    """
    if isinstance(value, dict) and _is_repeated(option):
        value = [f"{name}={one}" for name, one in value.items()]
    parts = value if isinstance(value, list) else [value]
    if any(one is None or one == "" for one in parts) or not parts:
        raise UserError(f"{where} has no value; give one or remove the key")
    if any(isinstance(one, dict | list | bool) for one in parts) and not (
        option.is_flag and value is parts[0]
    ):
        raise UserError(f"{where} is not a value of --{option.opts[0].removeprefix('--')}; see --help")
    if option.is_flag:
        return value
    texts = [str(one) for one in parts]
    if _is_repeated(option):
        return texts
    if isinstance(value, list) and option.metavar != "LIST":
        raise UserError(f"{where} is a list; give one value")
    return ",".join(texts)


def _checked(context: typer.Context, option: Any, value: Any, where: str) -> Any:
    """The value, if the option takes it; a message then has the place in which it is wrong.

    Raises:
        UserError: the option does not take it.
    """
    try:
        option.process_value(context, value)
    except TyperException as error:
        problem = str(getattr(error, "message", error)).removeprefix("Value error, ").rstrip(".")
        sentence = problem[:1].lower() + problem[1:]
        raise UserError(f"the value of {where} is wrong: {sentence}; see ontarget serve --help") from None
    return value


def _is_repeated(option: Any) -> bool:
    return bool(option.multiple)
