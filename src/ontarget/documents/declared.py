"""The languages that a document says it is in, which must be those of the request."""

from pathlib import Path

from ontarget.errors import UserError, excerpt
from ontarget.languages import Language


def require_source(named: str, source: Language, path: Path, key: str) -> None:
    """Requires that a document is in the source language; regions and scripts may differ.

    Args:
        named: the language that the document names.
        source: the language to translate from.
        path: the document, for the message.
        key: where the document names it, for the message.
    Raises:
        UserError: it names another language.
    """
    if not _are_same(named, source):
        raise UserError(
            f"'{path}' is in {_shown(named)} by its {key}, but {_full(source)} was given as the source; "
            f"give {excerpt(named)}, or correct the file"
        )


def require_target(named: str, target: Language, path: Path, key: str) -> None:
    """Requires that a document is for translations into the target language, see `require_source`."""
    if not _are_same(named, target):
        raise UserError(
            f"'{path}' is for translations into {_shown(named)} by its {key}, but {_full(target)} "
            f"was asked for; ask for {excerpt(named)}, or correct the file"
        )


def _shown(named: str) -> str:
    """What a document names, for a message: `Dutch (nl)`, or its own word if that is not a language."""
    try:
        language = Language(named)
    except UserError:
        return excerpt(named)
    return f"{language.name()} ({excerpt(named)})"


def _full(language: Language) -> str:
    return f"{language.name()} ({language})"


def _are_same(named: str, language: Language) -> bool:
    try:
        primary = Language(named).primary
    except UserError:
        return named.replace("_", "-").partition("-")[0].lower() == language.primary  # of an unknown region
    return Language(primary) == Language(language.primary)
