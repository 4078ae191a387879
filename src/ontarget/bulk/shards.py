"""Cuts the segments of all inputs into shards."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from ontarget.bulk.reading import BulkFile
from ontarget.checked.verdict import Checked

_CHARACTERS = 1 << 24  # of a shard, because lines may be long


@dataclass(slots=True)
class Shard:
    """Successive segments, which are translated together.

    Attributes:
        first: the number of the first line within its input, from 1.
        texts: the segments.
        counts: index of an input -> how many of its lines are in the shard, in order.
    """

    first: int
    texts: list[str] = field(default_factory=list)
    counts: dict[int, int] = field(default_factory=dict)

    def pieces(self) -> Iterator[tuple[int, int, slice]]:
        """Index of an input, number of its first line (from 1), and the place of its lines in the shard."""
        begin, line = 0, self.first
        for index, count in self.counts.items():
            yield index, line, slice(begin, begin + count)
            begin, line = begin + count, 1


@dataclass(frozen=True, slots=True)
class TranslatedShard:
    """A shard with its translations.

    Attributes:
        shard: the segments.
        results: a translation for each segment.
        seconds: the time that the translation took.
        error: why the segments could not be translated; the results are then empty texts.
    """

    shard: Shard
    results: Sequence[Checked]
    seconds: float
    error: str = ""


def cut(
    files: Sequence[BulkFile], lines: Sequence[int], start: int, size: Callable[[], int]
) -> Iterator[Shard]:
    """The shards from a line on. A shard may span files, because small shards would make poor batches.

    Args:
        files: the inputs.
        lines: the number of lines of each.
        start: index of the first line, counted through all inputs.
        size: gives the number of lines of the next shard.
    """
    shard, characters, wanted = None, 0, 0
    for index, line, text in _rows(files, lines, start):
        if shard is None:
            shard, characters, wanted = Shard(line), 0, size()
        shard.texts.append(text)
        shard.counts[index] = shard.counts.get(index, 0) + 1
        characters += len(text)
        if len(shard.texts) >= wanted or characters >= _CHARACTERS:
            yield shard
            shard = None
    if shard is not None:
        yield shard


def _rows(files: Sequence[BulkFile], lines: Sequence[int], start: int) -> Iterator[tuple[int, int, str]]:
    """Index of the input, number of the line within it (from 1), and text, from the line `start` on."""
    for index, (file, count) in enumerate(zip(files, lines, strict=True)):
        if start < count:
            for line, text in enumerate(islice(file.segments(), start, count), start + 1):
                yield index, line, text
        start = max(start - count, 0)
