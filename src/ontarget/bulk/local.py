"""Translates shards in this process, one after another."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from ontarget.bulk.shards import Shard, TranslatedShard
from ontarget.checked.verdict import Checked

Advance = Callable[[int, int], None]
"""Called with the number of finished parts of the work, and of all its parts."""


class Translate(Protocol):
    """Translates texts, such as `CheckedTranslator.translate` with its languages bound."""

    def __call__(self, texts: Sequence[str], *, progress: Advance | None = None) -> Sequence[Checked]:
        """One translation for each text, in order."""


class Workers(Protocol):
    """Translates shards, here or on other machines."""

    def __call__(self, shards: Iterator[Shard], progress: Advance) -> Iterator[TranslatedShard]:
        """The translated shards, in the order of the shards.

        Args:
            shards: read one at a time, when there is a worker for it.
            progress: called with the progress within the next shard.
        """


def in_this_process(translate: Translate) -> Workers:
    """A worker that calls a function for each shard."""

    def work(shards: Iterator[Shard], progress: Advance) -> Iterator[TranslatedShard]:
        for shard in shards:
            began = time.monotonic()
            results = translate(shard.texts, progress=progress)
            yield TranslatedShard(shard, results, time.monotonic() - began)

    return work
