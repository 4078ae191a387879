"""Reads a corpus from files of any format, which is detected from their content."""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ontarget.corpora import sacrebleu_sets, store
from ontarget.corpora.corpus import Corpus, Part, Segment
from ontarget.corpora.file_names import path_of
from ontarget.corpora.hugging_face import ON_HUB, read_dataset, require_saved, revision
from ontarget.corpora.jsonl import keys_of, read_jsonl
from ontarget.corpora.opening import (
    BYTE_ORDER_MARK,
    digest,
    missing_file,
    opened,
    raw,
    require_no_web_page,
    wide_encoding,
)
from ontarget.corpora.parquet import read_parquet
from ontarget.corpora.plain import lines_of
from ontarget.corpora.rows import Columns
from ontarget.corpora.sacrebleu_sets import SCHEME, sets_of
from ontarget.corpora.tables import NAMED_SEPARATOR, SEPARATORS, read_csv, read_tsv
from ontarget.corpora.tmx import read_tmx, tags_of
from ontarget.errors import UserError, counted
from ontarget.files import cache_folder, expanded, made_once
from ontarget.languages import Direction, Language, directions_between
from ontarget.text import is_empty

_START = 1 << 12  # bytes from which the format is detected
_XML = re.compile(r"<(\?xml|!--|(tmx|xliff)[\s>]|!DOCTYPE\s)", re.IGNORECASE)

_READERS: dict[str, Callable[[Path, Sequence[Language], Columns | None], Iterator[Segment | None]]] = {
    "tsv": read_tsv,
    "csv": read_csv,
    "jsonl": read_jsonl,
    "parquet": read_parquet,
    "tmx": read_tmx,
}


_TABLES = ("tsv", "csv")

# The names of languages in formats that may have other languages in each record.
_NAMES: dict[str, Callable[[Path], list[str]]] = {"jsonl": keys_of, "tmx": tags_of}


@dataclass(frozen=True, slots=True)
class Source:
    """A source of segments: a file, several aligned files, or a data set.

    Attributes:
        identity: a function that gives its identity, which may need to read the whole source.
        direction: the only direction that it serves, if any.
        read: a function that gives its segments; None stands for a blank line of a table.
        names: a function that gives the source's own names of its languages, for messages.
        uniform: whether all its segments have the same languages, as in a table.
    """

    identity: Callable[[], str]
    direction: Direction | None
    read: Callable[[], Iterator[Segment | None]]
    names: Callable[[], list[str]] = list
    uniform: bool = True


def load(
    name: str,
    splits: Mapping[str, Sequence[str]],
    languages: Sequence[Language],
    format: str | None = None,
    columns: Columns | None = None,
    watch: store.Watch = iter,
) -> Corpus:
    """Reads a corpus; its lines stay on disk, in the cache (see store.py).

    Args:
        name: the name of the corpus in messages.
        splits: split -> paths. A path is a file, a folder or hub name of a data set, or `sacrebleu:` with a
            test set (`wmt22`, or `wmt22/en-cs` for one direction only). A path with `{language}` stands for
            line-aligned files; with `{direction}` as well, each file serves only one direction.
        languages: the languages to read. Segments in fewer than two of them are ignored.
        format: the format of the files; None: detected from their content.
        columns: the columns of tables and keys of records.
        watch: an iterator through which segments pass when they are read for the first time, to show
            progress.

    Raises:
        UserError: a file is missing, broken or of an unknown format, or no segment has two of the languages.
    """
    made: dict[str, Sequence[Part]] = {}
    left_out, line_breaks, fingerprint = {}, {}, hashlib.sha256()
    for split, paths in splits.items():
        sources = [source for path in paths for source in sources_of(path, split, languages, format, columns)]
        key, stored = _stored(sources, languages, format, columns, watch)
        fingerprint.update(f"{split} {key}\n".encode())
        if not any(map(len, stored.parts)):
            where = f"corpus '{name}', split '{split}':"
            given = ", ".join(map(repr, paths))
            if not stored.left_out:
                raise UserError(f"{where} there are no segments in {given}")
            names = ", ".join(repr(name) for source in sources for name in source.names())
            raise UserError(
                f"{where} no segment of {given} has two of the languages {_listed(languages)}"
                f"{names and f'; the first has {names}'}; check `languages`, and `columns` of the files"
            )
        made[split], line_breaks[split] = stored.parts, stored.line_breaks
        if stored.left_out:
            left_out[f"{split}: in other languages"] = stored.left_out
        if stored.blank:
            left_out[f"{split}: blank {'line' if stored.blank == 1 else 'lines'}"] = stored.blank
    return Corpus(name, made, left_out, line_breaks, fingerprint.hexdigest())


def format_of(path: Path) -> str:
    """The format of a file, detected from its first bytes.

    Raises:
        UserError: the format is not recognised.
    """
    with raw(path) as file:
        if file.read(4) == b"PAR1":
            return "parquet"
    with opened(path) as file:
        data = file.read(_START)
    require_no_web_page(data, f"'{path}'")
    text = data.decode(wide_encoding(data) or "utf-8", "replace").lstrip("\ufeff")  # XML may be UTF-16
    line = next((line for line in text.split("\n") if not is_empty(line)), "")
    first = line.lstrip()
    # The first cell of a table may begin with a tag, too.
    if _XML.match(first) or (first.startswith("<") and not any(mark in first for mark in SEPARATORS)):
        return "tmx"
    if re.match(r'\{\s*(["}]|$)', first):
        return "jsonl"
    if re.match(r"\[\s*([{\[]|$)", first):
        raise UserError(f"'{path}' is one JSON list; write one record per line, e.g. with jq -c '.[]'")
    if line.startswith(NAMED_SEPARATOR):
        return "csv"
    if "\t" in line:
        return "tsv"
    if any(mark in line for mark in SEPARATORS):
        return "csv"
    what = "in an unknown format" if data.removeprefix(BYTE_ORDER_MARK) else "empty"
    raise UserError(
        f"'{path}' is {what}; give TSV, CSV, JSON lines, TMX or Parquet (`format` names it), "
        "or a path with {language} if there is a file for each language"
    )


def sources_of(
    path: str, split: str, languages: Sequence[Language], format: str | None, columns: Columns | None
) -> Iterator[Source]:
    """The sources that a path in a recipe stands for; their content is read later.

    Raises:
        UserError: a file does not exist, or its format is not recognised.
    """
    if path.startswith(ON_HUB):
        rows = partial(read_dataset, path, split, languages, columns)
        yield Source(lambda: f"{path} {split} {revision(path)}", None, rows, uniform=False)
    elif path.startswith(SCHEME):
        test_set, directions = sets_of(path.removeprefix(SCHEME), languages)
        for direction in directions:
            known_by = partial(str, f"{SCHEME}{test_set} {direction}")
            yield Source(known_by, direction, partial(_test_set, test_set, direction))
    elif "{direction}" in path:
        found = False
        for direction in directions_between(languages):
            sides = (direction.source, direction.target)
            files = {language: path_of(path, language, direction) for language in sides}
            if any(file.exists() for file in files.values()):
                yield aligned(files, direction)
                found = True
        if not found:
            raise UserError(f"there is no file '{path}' for any direction between {_listed(languages)}")
    elif "{language}" in path:
        # A recipe may have more languages than one of its files.
        files = {language: path_of(path, language) for language in languages}
        there = {language: file for language, file in files.items() if file.exists()}
        if not there:
            raise UserError(f"there is no file '{path}' for any of {_listed(languages)}")
        if len(there) == 1:
            missing = next(file for file in files.values() if not file.exists())
            raise UserError(f"'{next(iter(there.values()))}' has no counterpart: {missing_file(missing)}")
        yield aligned(there, None)
    else:
        place = expanded(path)
        if place.exists() and not (place.is_dir() or place.is_file()):
            raise UserError(
                f"'{path}' is a pipe or a device, which cannot be read twice; write the text to a file first"
            )
        if place.is_dir():
            require_saved(place)
            yield Source(
                lambda: f"{_digest_of_folder(place)} {split}",
                None,
                lambda: read_dataset(str(place), split, languages, columns),
                uniform=False,
            )
        else:
            kind = format or format_of(place)
            read = partial(_READERS[kind], place, languages, columns)
            names = partial(_NAMES[kind], place) if kind in _NAMES else list
            yield Source(lambda: digest(place), None, read, names, uniform=kind in _TABLES)


def _test_set(name: str, direction: Direction) -> Iterator[Segment]:
    [part] = sacrebleu_sets.read(name, [direction])
    return part.segments()


def aligned(files: Mapping[Language, Path], direction: Direction | None) -> Source:
    """A source of aligned files: line n of each is the same segment."""

    def identity() -> str:
        return " ".join(f"{language} {digest(path)}" for language, path in files.items())

    return Source(identity, direction, lambda: _line_by_line(files))


def _line_by_line(files: Mapping[Language, Path]) -> Iterator[Segment]:
    languages = list(files)
    try:
        for texts in zip(*map(lines_of, files.values()), strict=True):
            yield dict(zip(languages, texts, strict=True))
    except ValueError:
        counts = {path: counted(sum(1 for _ in lines_of(path)), "line") for path in files.values()}
        lengths = " but ".join(f"'{path}' has {count}" for path, count in counts.items())
        raise UserError(f"{lengths}; line n of each must be the same segment") from None


def _stored(
    sources: Sequence[Source],
    languages: Sequence[Language],
    format: str | None,
    columns: Columns | None,
    watch: store.Watch,
) -> tuple[str, store.Stored]:
    """The segments of all sources from the cache, which is filled first if necessary, and their key."""
    about = {
        "version": store.FORMAT,
        "sources": [[source.identity(), source.direction and str(source.direction)] for source in sources],
        "languages": list(map(str, languages)),
        "format": format,
        "columns": {column: str(language) for column, language in (columns or {}).items()},
    }
    key = hashlib.sha256(json.dumps(about).encode()).hexdigest()[:32]
    folder = cache_folder() / "corpora" / key
    segments = ((segment, source.direction) for source in sources for segment in source.read())
    made_once(folder, lambda: store.write(folder, languages, watch(segments)))
    return key, store.read(folder)


def _digest_of_folder(folder: Path) -> str:
    whole = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        whole.update(f"{path.relative_to(folder)} {digest(path)}\n".encode())
    return whole.hexdigest()


def _listed(languages: Sequence[Language]) -> str:
    return ", ".join(map(str, languages))
