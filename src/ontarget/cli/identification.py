"""The values of `--lid`, `--among`, `--otr` and `--unit`: identifiers, rules and units."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from ontarget.cli.names import names_of
from ontarget.errors import UserError, nearest

if TYPE_CHECKING:
    from ontarget.scoring.language_id import Identifier
    from ontarget.scoring.own_identifier import OwnIdentifier
    from ontarget.scoring.rules import Rules, Unit

_COMMAND = re.compile(r"(?:^|,)\s*cmd:")


def identifiers_of(names: str, among: str | None) -> "list[Identifier]":
    """The identifiers of `--lid`, each restricted to the languages of `--among`.

    A comma separates two identifiers, unless it is part of the name of an existing file, or of a command,
    which extends to the end or to the next `cmd:`.

    Raises:
        UserError: an identifier is unknown, or does not know one of the languages.
    """
    from ontarget.languages import Language
    from ontarget.scoring.identifiers import identifier_named

    languages = [Language(code) for code in names_of(among)] if among else None
    before, *commands = _COMMAND.split(names)
    if commands and languages:
        raise UserError("--among cannot be combined with a command in --lid; omit one of them")
    listed = [before] if before and Path(before).exists() else [name.strip() for name in before.split(",")]
    listed = [name for name in listed if name] or ([] if commands else names_of(before))
    return [*(identifier_named(name, languages) for name in listed), *_of_commands(commands)]


def _of_commands(lines: Sequence[str]) -> "list[OwnIdentifier]":
    if not lines:
        return []
    from ontarget.scoring.command_identifier import command_identifier

    return [command_identifier(line) for line in lines]


def unit_of(name: str) -> "Unit":
    """The unit of `--unit`; the case of its name is ignored.

    Raises:
        UserError: the unit is unknown.
    """
    from ontarget.scoring.rules import Unit

    for unit in get_args(Unit):
        if name.lower() == unit:
            return unit  # type: ignore[no-any-return]
    raise UserError(f"--unit '{name}' is neither line nor sentence{nearest(name, get_args(Unit))}")


def rules_of(name: str) -> "Rules":
    """The rules of `--otr`; the case of their name is ignored.

    Raises:
        UserError: the rules are unknown.
    """
    from ontarget.scoring.rules import Rules

    for rules in get_args(Rules):
        if name.lower() == rules:
            return rules  # type: ignore[no-any-return]
    raise UserError(f"--otr '{name}' is neither robust nor paper{nearest(name, get_args(Rules))}")
