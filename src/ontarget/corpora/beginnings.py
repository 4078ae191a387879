"""Checks the first segments of each file of a corpus, to find mistakes before everything is read."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice

from ontarget.corpora import sacrebleu_sets
from ontarget.corpora.catalogue import read as catalogue
from ontarget.corpora.catalogue.folder import NotFetched
from ontarget.corpora.corpus import Corpus, Part, Segment
from ontarget.corpora.file_names import path_of
from ontarget.corpora.files import Source, aligned, sources_of
from ontarget.corpora.hugging_face import ON_HUB
from ontarget.corpora.rows import Columns
from ontarget.corpora.sacrebleu_sets import SCHEME, sets_of
from ontarget.errors import UserError
from ontarget.languages import Direction, Language

HEADER = 1
"""Number of segments that shows whether the languages of a file are recognised."""
SOME = 1000
"""Number of segments that shows the content of a file."""
_ON = 100_000  # further segments that are read, but not kept, to find broken or misaligned ones


@dataclass
class Beginnings:
    """The first segments of each file, and the mistakes found in them.

    Attributes:
        count: number of segments to read from each file.
        splits: the segments that were read, by split.
        cut: splits that have more segments.
        open: splits that may have more languages, since not every file has them in its first line or name.
        wrong: mistakes, one sentence each, after the recipe's key.
        notes: files that could not be checked, one sentence each.
    """

    count: int
    splits: dict[str, list[Part]] = field(default_factory=dict)
    cut: set[str] = field(default_factory=set)
    open: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def corpus(self, name: str) -> Corpus:
        """The segments, as a corpus."""
        return Corpus(name, self.splits)

    def plain(self, patterns: Mapping[str, str], languages: Sequence[Language]) -> None:
        """Checks line-aligned files, one per split and language."""
        for split, pattern in patterns.items():
            with self._of(split, f"corpus.plain.{split}"):
                paths = {language: path_of(pattern, language) for language in languages}
                self._take(split, [aligned(paths, None)])

    def files(
        self,
        splits: Mapping[str, Sequence[str]],
        languages: Sequence[Language],
        format: str | None,
        columns: Columns | None,
    ) -> None:
        """Checks files of any format; data sets on a hub are not checked."""
        for split, paths in splits.items():
            for path in paths:
                with self._of(split, f"corpus.files.{split}"):
                    if path.startswith(ON_HUB):
                        self._leave(split, f"'{path}' is on the Hugging Face hub")
                    elif path.startswith(SCHEME):
                        sets_of(path.removeprefix(SCHEME), languages)
                        self._leave(split, f"'{path}' is downloaded by sacreBLEU")
                    else:
                        self._take(split, sources_of(path, split, languages, format, columns))

    def catalogue(
        self, name: str, chosen: Mapping[str, Sequence[str]], wanted: Mapping[str, Sequence[Direction]]
    ) -> None:
        """Checks the files of a corpus of the catalogue."""
        for split, directions in wanted.items():
            with self._of(split, f"corpus.catalogue.{split}"):
                try:
                    found = catalogue.load(name, chosen, {split: directions}, first=self.count)
                except NotFetched as error:
                    self._leave(split, str(error), suffix="")
                else:
                    self.splits[split] = list(found.parts(split))
                    self._unread(split)

    def sacrebleu(self, sets: Mapping[str, str], wanted: Mapping[str, Sequence[Direction]]) -> None:
        """Checks whether the test sets exist, without downloading them."""
        for split, name in sets.items():
            with self._of(split, f"corpus.sacrebleu.{split}"):
                there = sacrebleu_sets.directions(name)
                if not any(direction in there for direction in wanted[split]):
                    raise UserError(
                        f"sacreBLEU's test set '{name}' has none of the directions of the recipe; it has "
                        f"{' '.join(map(str, there))}"
                    )
                self._leave(split, f"'{name}' is downloaded by sacreBLEU")

    def _take(self, split: str, sources: Iterable[Source]) -> None:
        for source in sources:
            texts = (segment for segment in source.read() if segment is not None)
            segments = list(islice(texts, self.count + 1))
            if len(segments) > self.count:
                self._unread(split, same_languages=source.uniform)
            if self.count > HEADER:
                deque(islice(texts, _ON), maxlen=0)
            self.splits[split] += _parts(segments[: self.count], source.direction)

    def _leave(self, split: str, why: str, suffix: str = ": not checked") -> None:
        self.notes.append(f"{split}: {why}{suffix}")
        self._unread(split)

    def _unread(self, split: str, *, same_languages: bool = False) -> None:
        self.cut.add(split)
        if not same_languages:
            self.open.add(split)

    @contextmanager
    def _of(self, split: str, key: str) -> Iterator[None]:
        self.splits.setdefault(split, [])
        try:
            yield
        except UserError as error:
            self.wrong.append(f"{key}: {error}")
            self._unread(split)  # its segments may exist


def _parts(segments: Iterable[Segment], direction: Direction | None) -> list[Part]:
    """Groups segments in memory into parts by the languages that they have."""
    groups: dict[tuple[Language, ...], list[Segment]] = {}
    for segment in segments:
        groups.setdefault(tuple(sorted(segment)), []).append(segment)
    return [
        Part({language: [segment[language] for segment in group] for language in languages}, direction)
        for languages, group in groups.items()
        if len(languages) > 1
    ]
