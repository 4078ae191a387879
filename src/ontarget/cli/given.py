"""Options of `ontarget score` and `ontarget compare` that describe the input files."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ontarget.errors import UserError
from ontarget.subtags import looks_like_direction

SHELL_EXPANSION = "if the shell expanded a pattern such as *.de, quote one of ontarget: '{system}.{language}'"
"""A hint for files that the user may not have named one by one."""


@dataclass(frozen=True, slots=True)
class Given:
    """Options that describe the input files. The outputs of a run need none of them."""

    to: str | None = None
    from_: str | None = None
    references: Sequence[str] = ()
    source: str | None = None
    test_set: str | None = None
    direction: str | None = None
    keys: Sequence[str] = ()
    reference_key: str | None = None
    source_key: str | None = None
    num_refs: int = 1


def check_options(given: Given) -> None:
    """Rejects options that cannot be combined, whatever the files contain.

    Raises:
        UserError: an option needs another one, or excludes it.
    """
    for option, value in (("--to", given.to), ("--from", given.from_)):
        for code in (value or "").split(","):
            if looks_like_direction(code):
                source, target = re.split("[-_]", code.strip())
                raise UserError(
                    f"{option} '{code.strip()}' looks like a direction; write --from {source} --to {target} "
                    f"(or {source}-{target.upper()}, if you mean the region)"
                )
    if given.test_set:
        own = (given.to, given.from_, given.references, given.source, given.reference_key, given.source_key)
        if any(own) or given.num_refs > 1:
            raise UserError(
                f"--test-set {given.test_set} has its own source and references; give only --direction"
            )
        return
    if given.direction:
        raise UserError("--direction needs --test-set; for your own files, give --from and --to")
    if given.reference_key and not given.references:
        raise UserError("--reference-key needs --reference, the file with this key")
    if given.num_refs > 1 and len(given.references) != 1:
        raise UserError(
            f"--num-refs {given.num_refs} splits each line of a single --reference at tabs; give exactly "
            "one, or omit --num-refs"
        )
    if given.source_key and not given.source:
        raise UserError("--source-key needs --source, the file with this key")


def check_keys(given: Given, hypotheses: Sequence[str]) -> None:
    """Rejects keys for several files if all are plain text; for a single file, its reader does.

    Raises:
        UserError: a key is given, but no file has keys.
    """
    of_reference = [given.reference_key] if given.reference_key else []
    for option, keys, names in (
        ("--key", given.keys, hypotheses),
        ("--reference-key", of_reference, given.references),
    ):
        if keys and len(names) > 1 and all(map(_is_plain_text, names)):
            raise UserError(
                f"'{names[0]}' and all other files are plain text, which has no keys; omit {option}"
            )


def check_not_reference(hypothesis: str, references: Iterable[str]) -> None:
    """Rejects a file of hypotheses that is its own reference; JSON may hold both, under different keys.

    Raises:
        UserError: the file is plain text and one of the references.
    """
    path = Path(hypothesis)
    same = (other for other in map(Path, references) if path.is_file() and other.is_file())
    if any(map(path.samefile, same)) and _is_plain_text(hypothesis):
        raise in_both(hypothesis, "--reference")


def in_both(hypothesis: str, option: str) -> UserError:
    """The error for a file that is both a hypothesis and the file of an option."""
    return UserError(
        f"'{hypothesis}' is both a hypothesis and a {option}; remove it from one of them ({SHELL_EXPANSION})"
    )


def _is_plain_text(name: str) -> bool:
    from ontarget.scoring.reading.texts import is_plain_text

    return is_plain_text(Path(name))
