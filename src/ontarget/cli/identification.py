"""What `--lid`, `--among`, `--otr` and `--unit` say: who identifies what, and how lines are read."""

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

    A comma is between two identifiers, unless it is in the name of a file that is there, or in a command,
    which goes on to the end or to the next `cmd:`.

    Raises:
        UserError: there is no such identifier, or it does not know one of the languages.
    """
    from ontarget.languages import Language
    from ontarget.scoring.identifiers import identifier_named

    languages = [Language(code) for code in names_of(among)] if among else None
    before, *commands = _COMMAND.split(names)
    if commands and languages:
        raise UserError("--among cannot restrict a command of --lid; leave one of them out")
    listed = [] if commands and not before else [before] if Path(before).exists() else names_of(before)
    return [*(identifier_named(name, languages) for name in listed), *_of_commands(commands)]


def _of_commands(lines: Sequence[str]) -> "list[OwnIdentifier]":
    if not lines:
        return []
    from ontarget.scoring.command_identifier import command_identifier

    return [command_identifier(line) for line in lines]


def unit_of(name: str) -> "Unit":
    """The unit of `--unit`, whatever the case of its name.

    Raises:
        UserError: there is no such unit.
    """
    from ontarget.scoring.rules import Unit

    for unit in get_args(Unit):
        if name.lower() == unit:
            return unit  # type: ignore[no-any-return]
    raise UserError(f"--unit '{name}' is neither line nor sentence{nearest(name, get_args(Unit))}")


def rules_of(name: str) -> "Rules":
    """The rules of `--otr`, whatever the case of their name.

    Raises:
        UserError: there are no such rules.
    """
    from ontarget.scoring.rules import Rules

    for rules in get_args(Rules):
        if name.lower() == rules:
            return rules  # type: ignore[no-any-return]
    raise UserError(f"--otr '{name}' is neither robust nor paper{nearest(name, get_args(Rules))}")
