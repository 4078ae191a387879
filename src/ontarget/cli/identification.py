"""The values of `--lid`, `--languages`, `--otr` and `--unit`: identifiers, rules and units."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from ontarget import given
from ontarget.cli.names import names_of
from ontarget.errors import UserError

if TYPE_CHECKING:
    from ontarget.scoring.language_id.identifier import Identifier
    from ontarget.scoring.language_id.own_identifier import OwnIdentifier
    from ontarget.scoring.language_id.rules import Rules, Unit

_COMMAND = re.compile(r"(?:^|,)\s*cmd:")


def identifiers_of(names: str, only: str | None) -> "list[Identifier]":
    """The identifiers of `--lid`, each restricted to the languages of `--languages`.

    A comma separates two identifiers, unless it is part of the name of an existing file, or of a command,
    which extends to the end or to the next `cmd:`.

    Raises:
        UserError: an identifier is unknown, or does not know one of the languages.
    """
    from ontarget.languages import Language
    from ontarget.scoring.language_id.identifiers import identifier_named

    languages = [Language(code) for code in names_of(only)] if only else None
    before, *commands = _COMMAND.split(names)
    if commands and languages:
        raise UserError("--languages cannot be combined with a command in --lid; omit one of them")
    listed = [before] if before and Path(before).exists() else [name.strip() for name in before.split(",")]
    listed = [name for name in listed if name] or ([] if commands else names_of(before))
    return [*(identifier_named(name, languages) for name in listed), *_of_commands(commands)]


def _of_commands(lines: Sequence[str]) -> "list[OwnIdentifier]":
    if not lines:
        return []
    from ontarget.scoring.language_id.command_identifier import command_identifier

    return [command_identifier(line) for line in lines]


def unit_of(name: str) -> "Unit":
    """The unit of `--unit`, in any case.

    Raises:
        UserError: there is no such unit.
    """
    from ontarget.scoring.language_id.rules import Unit

    unit: Unit = _one_of("--unit", name, get_args(Unit))
    return unit


def rules_of(name: str) -> "Rules":
    """The rules of `--otr`, in any case.

    Raises:
        UserError: there are no such rules.
    """
    from ontarget.scoring.language_id.rules import Rules

    rules: Rules = _one_of("--otr", name, get_args(Rules))
    return rules


def _one_of(option: str, name: str, choices: Sequence[str]) -> Any:
    value = name.lower() if name.lower() in choices else name
    given.choice(value, option, choices)
    return value
