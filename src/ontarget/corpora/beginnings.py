"""The beginnings of a corpus: what a few segments of each file show to be wrong, before all of it is read."""

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
"""Segments that show whether the languages of a file can be told."""
SOME = 1000
"""Segments that show what a file is like."""
_ON = 100_000  # more of them are read, and not kept, to find what is broken or not aligned


@dataclass
class Beginnings:
    """What was found in the first segments of each file.

    Attributes:
        count: segments to read of each file.
        splits: those that were read.
        cut: splits of which there is more.
        wrong: mistakes, a sentence each, after the recipe's key.
        notes: what could not be looked at, a sentence each.
    """

    count: int
    splits: dict[str, list[Part]] = field(default_factory=dict)
    cut: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def corpus(self, name: str) -> Corpus:
        """The segments, as a corpus."""
        return Corpus(name, self.splits)

    def plain(self, patterns: Mapping[str, str], languages: Sequence[Language]) -> None:
        """Looks at line-aligned files, of each split one a language."""
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
        """Looks at files of any format; at what is on a hub it does not."""
        for split, paths in splits.items():
            for path in paths:
                with self._of(split, f"corpus.files.{split}"):
                    if path.startswith(ON_HUB):
                        self._leave(split, f"'{path}' is on the Hugging Face hub")
                    elif path.startswith(SCHEME):
                        sets_of(path.removeprefix(SCHEME), languages)
                        self._leave(split, f"'{path}' is fetched by sacreBLEU")
                    else:
                        self._take(split, sources_of(path, split, languages, format, columns))

    def catalogue(
        self, name: str, chosen: Mapping[str, Sequence[str]], wanted: Mapping[str, Sequence[Direction]]
    ) -> None:
        """Looks at the files of a known corpus."""
        for split, directions in wanted.items():
            with self._of(split, f"corpus.catalogue.{split}"):
                try:
                    found = catalogue.load(name, chosen, {split: directions}, first=self.count)
                except NotFetched as error:
                    self._leave(split, str(error), looked="")
                else:
                    self.splits[split] = list(found.parts(split))
                    self.cut.add(split)

    def sacrebleu(self, sets: Mapping[str, str], wanted: Mapping[str, Sequence[Direction]]) -> None:
        """Looks whether there are such test sets; none is fetched."""
        for split, name in sets.items():
            with self._of(split, f"corpus.sacrebleu.{split}"):
                there = sacrebleu_sets.directions(name)
                if not any(direction in there for direction in wanted[split]):
                    raise UserError(
                        f"sacreBLEU's test set '{name}' has none of the directions of the recipe; it has "
                        f"{' '.join(map(str, there))}"
                    )
                self._leave(split, f"'{name}' is fetched by sacreBLEU")

    def _take(self, split: str, sources: Iterable[Source]) -> None:
        for source in sources:
            texts = (segment for segment in source.read() if segment is not None)
            segments = list(islice(texts, self.count + 1))
            if len(segments) > self.count:
                self.cut.add(split)
            if self.count > HEADER:
                deque(islice(texts, _ON), maxlen=0)
            self.splits[split] += _parts(segments[: self.count], source.direction)

    def _leave(self, split: str, why: str, looked: str = ": not looked at") -> None:
        self.notes.append(f"{split}: {why}{looked}")
        self.cut.add(split)

    @contextmanager
    def _of(self, split: str, key: str) -> Iterator[None]:
        self.splits.setdefault(split, [])
        try:
            yield
        except UserError as error:
            self.wrong.append(f"{key}: {error}")
            self.cut.add(split)  # what was not read may be there


def _parts(segments: Iterable[Segment], direction: Direction | None) -> list[Part]:
    """Segments in memory; those that are there in the same languages are a part."""
    groups: dict[tuple[Language, ...], list[Segment]] = {}
    for segment in segments:
        groups.setdefault(tuple(sorted(segment)), []).append(segment)
    return [
        Part({language: [segment[language] for segment in group] for language in languages}, direction)
        for languages, group in groups.items()
        if len(languages) > 1
    ]
