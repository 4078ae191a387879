"""The languages that a document says it is in, which must be those of the command."""

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
            f"'{path}' is in {excerpt(named)} ({key}), but --from is {source}; "
            f"give --from {excerpt(named)}, or correct the file"
        )


def require_target(named: str, target: Language, path: Path, key: str) -> None:
    """Requires that a document is for translations into the target language, see `require_source`."""
    if not _are_same(named, target):
        raise UserError(
            f"'{path}' is for translations into {excerpt(named)} ({key}), but --to is {target}; "
            f"give --to {excerpt(named)}, or correct the file"
        )


def _are_same(named: str, language: Language) -> bool:
    try:
        primary = Language(named).primary
    except UserError:
        return named.replace("_", "-").partition("-")[0].lower() == language.primary  # of an unknown region
    return Language(primary) == Language(language.primary)
