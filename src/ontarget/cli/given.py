"""The options of `ontarget score` and `ontarget compare` that say what files hold."""

from collections.abc import Sequence
from dataclasses import dataclass

from ontarget.errors import UserError


@dataclass(frozen=True, slots=True)
class Given:
    """What the options say of files. The outputs of a run say it themselves."""

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
    """Refuses options that do not fit each other, whatever the files are.

    Raises:
        UserError: one needs another, or excludes it.
    """
    if given.test_set:
        own = (given.to, given.from_, given.references, given.source, given.reference_key, given.source_key)
        if any(own) or given.num_refs > 1:
            raise UserError(
                f"--test-set {given.test_set} brings its own source and references; give --direction alone"
            )
        return
    if given.direction:
        raise UserError("--direction belongs to --test-set; for files of your own give --from and --to")
    if given.reference_key and not given.references:
        raise UserError("--reference-key needs --reference, the file that has the key")
    if given.num_refs > 1 and len(given.references) != 1:
        raise UserError(
            f"--num-refs {given.num_refs} splits each line of one --reference at tabs; give exactly one, "
            "or leave --num-refs out"
        )
    if given.source_key and not given.source:
        raise UserError("--source-key needs --source, the file that has the key")
