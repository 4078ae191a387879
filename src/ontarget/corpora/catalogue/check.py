"""Whether the files of a corpus are what they were, and aligned."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ontarget.corpora.catalogue.entry import Entry, Item, served
from ontarget.corpora.catalogue.folder import find, recorded
from ontarget.corpora.catalogue.read import count_lines
from ontarget.corpora.opening import digest
from ontarget.errors import UserError, counted
from ontarget.languages import Language, directions_between


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found of a corpus.

    Attributes:
        right: files whose bytes are those that are known of them.
        unknown: files of whose bytes nothing is known.
        missing: files that are not there.
        wrong: what is amiss, a sentence each.
    """

    right: int
    unknown: int
    missing: int
    wrong: Sequence[str]


def check(entry: Entry, languages: Sequence[Language], folder: Path) -> Checked:
    """Compares the files that are there with SHA256SUMS and the catalogue, and counts their lines.

    Raises:
        UserError: SHA256SUMS is no such list.
    """
    sums = recorded(folder)
    right, unknown, missing = 0, 0, 0
    wrong = []
    for item in entry.items(languages):
        path = find(folder, item.file)
        if path is None:
            missing += 1
            continue
        name = path.relative_to(folder).as_posix()
        expected = sums.get(name) or (served().get(item.file) if name == item.file else None)
        if expected is None:
            unknown += 1
        elif digest(path) == expected:
            right += 1
        else:
            wrong.append(f"'{path}' is not what it was; remove it and get it again")
    return Checked(right, unknown, missing, [*wrong, *_uneven(entry, languages, folder)])


def _uneven(entry: Entry, languages: Sequence[Language], folder: Path) -> Iterator[str]:
    """Files that must have as many lines as each other, and have not."""
    groups = {frozenset(item.file for item in group): group for group in _aligned(entry, languages)}
    for group in groups.values():  # some files serve two directions
        counts: dict[str, int] = {}
        for item in group:
            path = find(folder, item.file)
            if path is not None:
                try:
                    counts[str(path)] = count_lines(item, path)
                except UserError as error:
                    yield str(error)
        if len(set(counts.values())) > 1:
            yield "not aligned: " + ", ".join(
                f"'{path}' has {counted(count, 'line')}" for path, count in counts.items()
            )


def _aligned(entry: Entry, languages: Sequence[Language]) -> Iterator[list[Item]]:
    for texts in (texts for name in entry.sets for texts in entry.texts(name)):
        if texts.text:
            yield [entry.text(texts, language) for language in entry.languages_of(texts, languages)]
        else:
            for direction in entry.directions_of(texts, directions_between(languages)):
                yield list(entry.pair(texts, direction))
