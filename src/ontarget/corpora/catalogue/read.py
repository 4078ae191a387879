"""Reads the text of a corpus of the catalogue from the data folder."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from ontarget.corpora import plain, sacrebleu_sets, store
from ontarget.corpora.catalogue.entry import Entry, Item, Texts, entry, set_of
from ontarget.corpora.catalogue.folder import NotFetched, data_folder, find
from ontarget.corpora.corpus import Corpus, Part, without_line_breaks
from ontarget.corpora.iwslt import read_segments, read_tagged
from ontarget.corpora.opening import digest
from ontarget.errors import UserError, counted
from ontarget.files import cache_folder, made_once
from ontarget.languages import Direction, Language

_LARGE = 1 << 26  # bytes; if the files of a part exceed this in total, their lines stay on disk
_READ = {"plain": plain.read_lines, "iwslt-tags": read_tagged, "iwslt-xml": read_segments}


@dataclass(frozen=True, slots=True)
class _Disk:
    """Settings for reading the files of a split, and facts about the files that were read.

    Attributes:
        folder: the data folder.
        watch: an iterator through which large files pass when they are read for the first time.
        first: number of lines to read from each file; None: all.
        identities: the identities of the parts that were read, for the fingerprint.
        line_breaks: for each part, the number of segments in which line breaks became spaces.
    """

    folder: Path
    watch: store.Watch
    first: int | None = None
    identities: list[str] = field(default_factory=list)
    line_breaks: list[int] = field(default_factory=list)

    def without_line_breaks(self, parts: Sequence[Part]) -> list[Part]:
        """Parts in memory, with each text in one line."""
        found, line_breaks = without_line_breaks(parts)
        self.line_breaks.append(line_breaks)
        return found


def load(
    name: str,
    chosen: Mapping[str, Sequence[str]],
    wanted: Mapping[str, Sequence[Direction]],
    folder: Path | None = None,
    watch: store.Watch = iter,
    first: int | None = None,
) -> Corpus:
    """Loads a corpus with its usual splits, or with chosen sets instead.

    Args:
        name: the corpus's name in the catalogue.
        chosen: split -> sets, of this corpus or another (`flores200:devtest`, `sacrebleu:wmt22`).
        wanted: split -> directions to read, if the split has them; other splits are not read.
        folder: the folder of the files (default: the data folder).
        watch: an iterator through which large files pass when they are read for the first time, see store.py.
        first: number of lines to read from each file; test sets of sacreBLEU, which need a download, are
            then skipped. None: all.

    Raises:
        NotFetched: a file is missing.
        UserError: the corpus or a set does not exist, a set has none of the directions, or a file is damaged
            or not aligned.
    """
    own = entry(name)
    sets = {**{split: (usual,) for split, usual in own.splits.items()}, **chosen}
    if not sets:
        raise UserError(f"corpus '{name}' has no usual splits; choose from its sets: {', '.join(own.sets)}")
    splits: dict[str, list[Part]] = {}
    line_breaks: dict[str, int] = {}
    identities: list[str] = []
    for split in (split for split in sets if split in wanted):
        disk = _Disk(folder or data_folder(), watch, first)
        splits[split] = [
            part for reference in sets[split] for part in _split(own, reference, wanted[split], disk)
        ]
        identities += disk.identities
        line_breaks[split] = sum(disk.line_breaks)
    about = json.dumps([store.FORMAT, name, list(splits), identities])
    fingerprint = hashlib.sha256(about.encode()).hexdigest()
    return Corpus(name, splits, line_breaks=line_breaks, fingerprint=fingerprint)


def count_lines(item: Item, path: Path) -> int:
    """The number of segments in a file of any size.

    Raises:
        UserError: the file cannot be read, or is damaged.
    """
    if item.format == "plain":
        return sum(1 for _ in plain.lines_of(path))
    return len(_READ[item.format](path))


def _split(own: Entry, reference: str, wanted: Sequence[Direction], disk: _Disk) -> list[Part]:
    corpus, name = set_of(reference)
    disk.identities.append(reference)
    if corpus == sacrebleu_sets.SCHEME:
        if disk.first is not None:
            return []
        return disk.without_line_breaks(sacrebleu_sets.read(name, wanted))
    return _read(entry(corpus) if corpus else own, name, wanted, disk)


def _read(own: Entry, name: str, wanted: Sequence[Direction], disk: _Disk) -> list[Part]:
    parts: list[Part] = []
    left = list(wanted)
    for texts in own.texts(name):
        if texts.text:
            parts += _aligned(own, texts, left, disk)
        else:
            for direction in own.directions_of(texts, left):
                if not any(part.serves(direction) for part in parts):
                    parts.append(_pairwise(own, texts, direction, disk))
        left = [direction for direction in left if not any(part.serves(direction) for part in parts)]
    if not parts:
        raise UserError(
            f"the set '{name}' of corpus '{own.name}' has none of the requested directions "
            f"({', '.join(map(str, wanted))}); 'ontarget data card {own.name}' lists its languages"
        )
    return parts


def _pairwise(own: Entry, texts: Texts, direction: Direction, disk: _Disk) -> Part:
    items = own.pair(texts, direction)
    both_ways = own.pair(texts, direction.reverse) == items[::-1]
    lines = _lines(own, dict(zip((direction.source, direction.target), items, strict=True)), disk)
    return Part(lines, None if both_ways else direction)


def _aligned(own: Entry, texts: Texts, wanted: Sequence[Direction], disk: _Disk) -> list[Part]:
    sides = dict.fromkeys(side for d in wanted for side in d.sides)
    languages = own.languages_of(texts, list(sides))
    if len(languages) < 2:
        return []
    return [Part(_lines(own, {language: own.text(texts, language) for language in languages}, disk))]


def _lines(own: Entry, items: Mapping[Language, Item], disk: _Disk) -> Mapping[Language, Sequence[str]]:
    """The lines of a part, whose files must exist and have the same number of lines."""
    paths = {}
    for language, item in items.items():
        path = find(disk.folder, item.file)
        if path is None:
            way = (
                f"download it with 'ontarget data get {own.name} --languages {','.join(map(str, items))}'"
                if item.address
                else f"it cannot be downloaded, but 'ontarget data card {own.name}' describes how to make it"
            )
            raise NotFetched(
                f"corpus '{own.name}' is incomplete: there is no file '{disk.folder / item.file}'; {way}"
            )
        paths[language] = path
    if disk.first is not None:
        return _first_lines(own, items, paths, disk.first)
    identity = json.dumps({str(language): digest(path) for language, path in paths.items()})
    disk.identities.append(identity)
    if sum(path.stat().st_size for path in paths.values()) > _LARGE and _all_plain(items):
        return _on_disk(own, paths, identity, disk)
    lines = {language: _READ[item.format](paths[language]) for language, item in items.items()}
    _require_as_many(own, items, lines)
    [part] = disk.without_line_breaks([Part(lines)])
    return part.lines


def _first_lines(
    own: Entry, items: Mapping[Language, Item], paths: Mapping[Language, Path], count: int
) -> Mapping[Language, Sequence[str]]:
    lines = {}
    for language, item in items.items():
        path = paths[language]
        reading = plain.lines_of(path) if item.format == "plain" else iter(_READ[item.format](path))
        lines[language] = list(islice(reading, count))
    _require_as_many(own, items, lines)
    return lines


def _require_as_many(
    own: Entry, items: Mapping[Language, Item], lines: Mapping[Language, Sequence[str]]
) -> None:
    counts = {items[language].file: len(found) for language, found in lines.items()}
    if len(set(counts.values())) > 1:
        lengths = (f"'{file}' has {counted(count, 'line')}" for file, count in counts.items())
        raise _not_aligned(own, ", ".join(lengths))


def _all_plain(items: Mapping[Language, Item]) -> bool:
    return all(item.format == "plain" for item in items.values())


def _on_disk(
    own: Entry, paths: Mapping[Language, Path], identity: str, disk: _Disk
) -> Mapping[Language, Sequence[str]]:
    """The lines of files of any size from the cache, which is filled first if necessary."""
    key = hashlib.sha256(f"{store.FORMAT} {identity}".encode()).hexdigest()[:32]
    cached = cache_folder() / "corpora" / key
    texts = zip(*map(plain.lines_of, paths.values()), strict=True)
    segments = ((dict(zip(paths, text, strict=True)), None) for text in texts)
    try:
        made_once(cached, lambda: store.write(cached, list(paths), disk.watch(segments)))
    except ValueError:
        raise _not_aligned(own, ", ".join(f"'{path}'" for path in paths.values())) from None
    stored = store.read(cached)
    disk.line_breaks.append(stored.line_breaks)
    [part] = stored.parts
    return part.lines


def _not_aligned(own: Entry, what: str) -> UserError:
    return UserError(
        f"corpus '{own.name}' is not aligned: {what}; 'ontarget data check {own.name}' checks all files"
    )
