"""Checks that the files of a corpus are unchanged and aligned."""

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
class CorpusCheck:
    """The result of checking a corpus.

    Attributes:
        right: number of files with the known checksum.
        unknown: number of files without a known checksum.
        missing: number of missing files.
        wrong: problems, one sentence each.
    """

    right: int
    unknown: int
    missing: int
    wrong: Sequence[str]


def check(entry: Entry, languages: Sequence[Language], folder: Path) -> CorpusCheck:
    """Compares the existing files with SHA256SUMS and the catalogue, and counts their lines.

    Raises:
        UserError: SHA256SUMS is not a valid list of checksums.
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
            wrong.append(f"'{path}' has changed; remove it and get it again")
    return CorpusCheck(right, unknown, missing, [*wrong, *_uneven(entry, languages, folder)])


def _uneven(entry: Entry, languages: Sequence[Language], folder: Path) -> Iterator[str]:
    """A sentence for each group of files that should have the same number of lines, but do not."""
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
