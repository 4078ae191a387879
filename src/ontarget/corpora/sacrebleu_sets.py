"""Reads test sets of sacreBLEU, which downloads and checks them, from `~/.sacrebleu` or `$SACREBLEU`."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ontarget.corpora.corpus import Corpus, Part, without_line_breaks
from ontarget.corpora.plain import read_lines
from ontarget.errors import UserError, counted, nearest
from ontarget.languages import Direction, Language, directions_between

SCHEME = "sacrebleu:"  # prefix of the name of a test set where other names are possible


def directions(test_set: str) -> list[Direction]:
    """The directions of a test set such as `wmt22`, without downloading it.

    Raises:
        UserError: sacreBLEU does not have the test set.
    """
    from sacrebleu.utils import get_available_testsets, get_langpairs_for_testset

    known = get_available_testsets()
    if test_set not in known:
        hint = nearest(test_set, known) or "; 'sacrebleu --list' prints all of them"
        raise UserError(f"sacreBLEU has no test set '{test_set}'{hint}")
    found = []
    for pair in get_langpairs_for_testset(test_set):
        try:
            found.append(Direction.parse(pair))
        except UserError:
            continue  # a code that is not in BCP 47
    return found


def load(sets: Mapping[str, str], wanted: Mapping[str, Sequence[Direction]]) -> Corpus:
    """Test sets as splits.

    Args:
        sets: split -> test set, such as `wmt22` or `wmt20/tworefs`.
        wanted: split -> directions to read, if the test set has them.

    Raises:
        UserError: as in `read`.
    """
    splits: dict[str, list[Part]] = {}
    line_breaks: dict[str, int] = {}
    for split, name in sets.items():
        splits[split], line_breaks[split] = without_line_breaks(read(name, wanted[split]))
    return Corpus("sacrebleu", splits, line_breaks=line_breaks)


def read(test_set: str, wanted: Iterable[Direction]) -> list[Part]:
    """Sources and first references, unchanged, for the wanted directions that the test set has.

    Raises:
        UserError: the test set does not exist, has none of the directions, or could not be downloaded.
    """
    there = directions(test_set)
    chosen = [direction for direction in wanted if direction in there]
    if not chosen:
        raise UserError(
            f"sacreBLEU's test set '{test_set}' has none of the requested directions; "
            f"it has {' '.join(map(str, there))}"
        )
    return [_part(test_set, direction) for direction in chosen]


def read_test_set(test_set: str, direction: Direction) -> tuple[list[str], list[list[str]]]:
    """The source lines of one direction, and the lines of each of its references.

    Raises:
        UserError: the test set or direction does not exist, or could not be downloaded.
    """
    there = directions(test_set)
    if direction not in there:
        has = " ".join(sorted(map(str, there)))
        raise UserError(f"the test set {test_set} has no direction {direction}; it has {has}")
    return _lines(test_set, direction)


def sets_of(path: str, languages: Sequence[Language]) -> tuple[str, list[Direction]]:
    """Test set and directions of a path: `wmt22/en-cs`, or `wmt22` with all directions between the languages.

    Raises:
        UserError: the test set does not exist, or has no text between the languages.
    """
    test_set, _, last = path.rpartition("/")
    one = re.fullmatch(r"[A-Za-z]+-[A-Za-z]+", last) if test_set else None
    wanted = [Direction.parse(last)] if one else directions_between(languages)
    test_set = test_set if one else path
    there = directions(test_set)
    if not (chosen := [direction for direction in wanted if direction in there]):
        raise UserError(
            f"sacreBLEU's test set '{test_set}' has no {last if one else 'text between these languages'}; "
            f"it has {' '.join(map(str, there))}"
        )
    return test_set, chosen


def _part(test_set: str, direction: Direction) -> Part:
    source, [reference, *_] = _lines(test_set, direction, references=1)
    if len(source) != len(reference):
        raise UserError(
            f"sacreBLEU's '{test_set}' ({direction}) has {counted(len(source), 'source')}, "
            f"{counted(len(reference), 'reference')}"
        )
    return Part({direction.source: source, direction.target: reference}, direction)


def _lines(
    test_set: str, direction: Direction, references: int | None = None
) -> tuple[list[str], list[list[str]]]:
    """The source lines, and the first `references` references (None: all)."""
    from sacrebleu.utils import SACREBLEU_DIR, get_reference_files, get_source_file

    try:
        pair = next(own.written for own in directions(test_set) if own == direction)  # sacreBLEU's own codes
        source = read_lines(Path(get_source_file(test_set, pair)))
        files = get_reference_files(test_set, pair)
        if not files:
            raise UserError("it has no reference")  # completed below
        return source, [read_lines(Path(file)) for file in files[:references]]
    except (OSError, EOFError, SystemExit, UserError) as error:  # sacreBLEU exits on a wrong checksum
        reason = error if isinstance(error, OSError | UserError) else "the download is broken"
        raise UserError(
            f"sacreBLEU could not load '{test_set}' ({direction}): {reason}. Remove "
            f"'{Path(SACREBLEU_DIR) / test_set}', which may have a broken download, and try again; or copy "
            "it from a machine with a network"
        ) from None
