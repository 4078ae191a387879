"""Test sets by sacreBLEU, which fetches and checks them; they are kept in `~/.sacrebleu` or `$SACREBLEU`."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ontarget.corpora.corpus import Corpus, Part
from ontarget.corpora.plain import read_lines
from ontarget.errors import UserError, nearest
from ontarget.languages import Direction


def directions(test_set: str) -> list[Direction]:
    """The directions of a test set such as `wmt22`, without fetching it.

    Raises:
        UserError: sacreBLEU knows no such test set.
    """
    from sacrebleu.utils import get_available_testsets, get_langpairs_for_testset

    known = get_available_testsets()
    if test_set not in known:
        hint = nearest(test_set, known) or "; 'sacrebleu --list' names those there are"
        raise UserError(f"sacreBLEU has no test set '{test_set}'{hint}")
    found = []
    for pair in get_langpairs_for_testset(test_set):
        try:
            found.append(Direction.parse(pair))
        except UserError:
            continue  # a code that is none of BCP 47
    return found


def load(sets: Mapping[str, str], wanted: Mapping[str, Sequence[Direction]]) -> Corpus:
    """Test sets as splits.

    Args:
        sets: split -> test set, such as `wmt22` or `wmt20/tworefs`.
        wanted: split -> directions to read of it, where they are there.

    Raises:
        UserError: as `read`.
    """
    return Corpus("sacrebleu", {split: read(name, wanted[split]) for split, name in sets.items()})


def read(test_set: str, wanted: Iterable[Direction]) -> list[Part]:
    """The source and the first reference of those of the wanted directions that the test set has.

    Raises:
        UserError: no such test set, none of the directions, or it could not be fetched.
    """
    there = directions(test_set)
    chosen = [direction for direction in wanted if direction in there]
    if not chosen:
        raise UserError(
            f"sacreBLEU's test set '{test_set}' has none of the directions asked for; "
            f"it has {' '.join(map(str, there))}"
        )
    return [_part(test_set, direction) for direction in chosen]


def _part(test_set: str, direction: Direction) -> Part:
    from sacrebleu.utils import SACREBLEU_DIR, get_reference_files, get_source_file

    try:
        source = read_lines(Path(get_source_file(test_set, str(direction))))
        references = get_reference_files(test_set, str(direction))
        if not references:
            raise UserError("it has no reference")
        reference = read_lines(Path(references[0]))
    except (
        OSError,
        EOFError,
        SystemExit,
        UserError,
    ) as error:  # it leaves by sys.exit where a checksum is wrong
        reason = str(error) if isinstance(error, OSError | UserError) else "what came is broken"
        raise UserError(
            f"sacreBLEU could not bring '{test_set}' ({direction}): {reason}. "
            f"Remove '{SACREBLEU_DIR}/{test_set}', where a broken download may lie, and try again"
        ) from None
    if len(source) != len(reference):
        raise UserError(
            f"sacreBLEU's '{test_set}' ({direction}) has {len(source)} sources, {len(reference)} references"
        )
    return Part({direction.source: source, direction.target: reference}, direction)
