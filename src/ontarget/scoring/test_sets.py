"""Test sets by sacreBLEU, which fetches one once and keeps it in `~/.sacrebleu` (or `$SACREBLEU`)."""

from pathlib import Path

from ontarget.corpora.plain import read_lines
from ontarget.errors import UserError, nearest
from ontarget.languages import Direction


def read_test_set(name: str, direction: Direction) -> tuple[list[str], list[list[str]]]:
    """The source lines of a test set such as `wmt22`, and those of all its references.

    Raises:
        UserError: sacreBLEU has no such test set or direction, or it could not be fetched.
    """
    from sacrebleu.utils import (
        SACREBLEU_DIR,
        get_available_testsets,
        get_langpairs_for_testset,
        get_reference_files,
        get_source_file,
    )

    known = get_available_testsets()
    if name not in known:
        hint = nearest(name, known) or "; 'sacrebleu --list' names those there are"
        raise UserError(f"sacreBLEU has no test set '{name}'{hint}")
    pairs = get_langpairs_for_testset(name)
    if str(direction) not in pairs:
        raise UserError(f"the test set {name} has no direction {direction}; it has {' '.join(sorted(pairs))}")
    try:
        files = [get_source_file(name, str(direction)), *get_reference_files(name, str(direction))]
        source, *references = (read_lines(Path(file)) for file in files)
    except (OSError, EOFError, SystemExit, UserError) as error:  # it leaves by sys.exit on a wrong checksum
        reason = error if isinstance(error, OSError | UserError) else "what came is broken"
        raise UserError(
            f"sacreBLEU could not bring the test set {name} ({direction}): {reason}; it is kept in "
            f"'{Path(SACREBLEU_DIR) / name}', which may be copied from a machine that has a network"
        ) from None
    return source, references
