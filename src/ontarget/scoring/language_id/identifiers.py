"""Makes an identifier from its name, as given with `--lid` or in a recipe."""

from collections.abc import Sequence
from pathlib import Path

from ontarget.errors import UserError, nearest
from ontarget.languages import Language
from ontarget.scoring.language_id.identifier import Choosing, FastText, Identifier, default_identifier
from ontarget.scoring.language_id.labels import labels_of

DEFAULT = "lid.176.ftz"
_NAMES = (DEFAULT, "lid.176", "lingua", "script")


def identifier_named(name: str = DEFAULT, among: Sequence[Language | str] | None = None) -> Identifier:
    """The identifier with a name.

    Args:
        name: `lid.176.ftz` (`lid.176` for short), `lingua` (an extra), `script` (needs `among`), or the path
            of a fastText model: lid.176.bin, GlotLID, OpenLID.
        among: the languages that may occur, such as `["de", "en"]`. Default: all languages of the identifier.

    Raises:
        UserError: the identifier does not exist or is not installed, or does not know one of `among`.
    """
    languages = (
        None if among is None else [one if isinstance(one, Language) else Language(one) for one in among]
    )
    if name == "lingua":
        from ontarget.scoring.language_id.lingua import Lingua

        return Lingua(languages)
    if name == "script":
        from ontarget.scoring.language_id.script_rules import ScriptRules

        if not languages:
            raise UserError(
                "the identifier script needs the languages that may occur, in different scripts: "
                "--languages en,ru,zh, or in Python identifier_named('script', ['en', 'ru', 'zh'])"
            )
        return ScriptRules(languages)
    if name in (DEFAULT, "lid.176") and not Path(name).exists():
        return default_identifier() if languages is None else FastText(among=languages)
    if (
        not Path(name).exists()
        and Path(name).suffix not in (".bin", ".ftz")
        and (hint := nearest(name, _NAMES))
    ):
        raise UserError(f"there is no identifier or model file '{name}'{hint}")
    return FastText(Path(name), languages)


def among(identifier: Identifier, languages: Sequence[Language]) -> Identifier:
    """The identifier with a choice among those of the languages that it knows, if it can choose."""
    known = [one for one in languages if labels_of(one, identifier.labels)]
    return identifier.among(known) if known and isinstance(identifier, Choosing) else identifier
