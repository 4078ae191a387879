"""Makes an identifier from its name, as given with `--lid` or in a recipe."""

from collections.abc import Sequence
from pathlib import Path

from ontarget.errors import UserError
from ontarget.languages import Language
from ontarget.scoring.language_id.identifier import FastText, Identifier, default_identifier

DEFAULT = "lid.176.ftz"


def identifier_named(name: str = DEFAULT, among: Sequence[Language] | None = None) -> Identifier:
    """The identifier with a name.

    Args:
        name: `lid.176.ftz` (`lid.176` for short), `lingua` (an extra), `script` (needs `among`), or the path
            of a fastText model: lid.176.bin, GlotLID, OpenLID.
        among: the languages that may occur. Default: all languages of the identifier.

    Raises:
        UserError: the identifier does not exist or is not installed, or does not know one of `among`.
    """
    if name == "lingua":
        from ontarget.scoring.language_id.lingua import Lingua

        return Lingua(among)
    if name == "script":
        from ontarget.scoring.language_id.script_rules import ScriptRules

        if not among:
            raise UserError(
                "the identifier script needs the languages that may occur, in different scripts: "
                "--languages en,ru,zh"
            )
        return ScriptRules(among)
    if name in (DEFAULT, "lid.176") and not Path(name).exists():
        return default_identifier() if among is None else FastText(among=among)
    return FastText(Path(name), among)
