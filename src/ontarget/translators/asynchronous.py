"""Translation for programs with an event loop: the methods of `CheckedTranslator`, to be awaited."""

import asyncio
import threading
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar, overload

from ontarget import given
from ontarget.checked.progress_bar import shown
from ontarget.checked.verdict import Checked
from ontarget.documents.document import DocumentTranslation
from ontarget.languages import Language
from ontarget.translation.engines.protocol import Progress
from ontarget.translators.checked import STREAMED, CheckedTranslator
from ontarget.translators.document import SAMPLE

Result = TypeVar("Result")


class AsyncTranslator:
    """A translator for programs with an event loop:

        translator = AsyncTranslator(CheckedTranslator("my/model"))
        one = await translator.translate("Guten Tag", "de", "fr")

    The model works in a thread of its own, on one call after another, in the order of the calls. A call that
    is cancelled, for example by `asyncio.timeout`, ends at once: one that waits is dropped, and one that runs
    gives the model up at its next progress.

    Args:
        translator: does the work. Nobody else should use it at the same time.
    """

    def __init__(self, translator: CheckedTranslator) -> None:
        self.translator = translator
        self._thread = ThreadPoolExecutor(1, "translator")

    @overload
    async def translate(  # type: ignore[overload-overlap]  # a string is a sequence of strings, too
        self, texts: str, source: str | Language, target: str | Language, *, progress: Progress | bool = False
    ) -> Checked: ...

    @overload
    async def translate(
        self,
        texts: Sequence[str],
        source: str | Language,
        target: str | Language,
        *,
        progress: Progress | bool = False,
    ) -> list[Checked]: ...

    async def translate(
        self,
        texts: str | Sequence[str],
        source: str | Language,
        target: str | Language,
        *,
        progress: Progress | bool = False,
    ) -> Checked | list[Checked]:
        """See `CheckedTranslator.translate`. A function `progress` is called in the thread of the model."""
        if isinstance(texts, str):
            return (await self.translate_batch([texts], source, target, progress=progress))[0]
        return await self.translate_batch(texts, source, target, progress=progress)

    async def translate_batch(
        self,
        texts: Sequence[str],
        source: str | Language,
        target: str | Language,
        *,
        progress: Progress | bool = False,
        **how: Any,
    ) -> list[Checked]:
        """See `CheckedTranslator.translate_batch`."""
        work = self.translator.translate_batch
        return await self._done(
            lambda moved: work(texts, source, target, progress=moved, **how), progress, target
        )

    async def alternatives(
        self,
        texts: Sequence[str],
        source: str | Language,
        target: str | Language,
        count: int = 3,
        *,
        progress: Progress | bool = False,
    ) -> list[list[Checked]]:
        """See `CheckedTranslator.alternatives`."""
        work = self.translator.alternatives
        return await self._done(
            lambda moved: work(texts, source, target, count, progress=moved), progress, target
        )

    async def translate_document(
        self,
        path: str | Path,
        target: str | Language,
        output: str | Path | None = None,
        *,
        progress: Progress | bool = False,
        **how: Any,
    ) -> DocumentTranslation:
        """See `CheckedTranslator.translate_document`."""
        work = self.translator.translate_document
        return await self._done(
            lambda moved: work(path, target, output, progress=moved, **how), progress, target
        )

    async def stream(
        self,
        texts: Iterable[str] | AsyncIterable[str],
        source: str | Language,
        target: str | Language,
        *,
        size: int = STREAMED,
    ) -> AsyncIterator[Checked]:
        """See `CheckedTranslator.stream`; the texts may come from an asynchronous source, too."""
        context = list[str]()
        async for group in _groups(texts, given.count(size, "size")):
            for one in await self.translate_batch(group, source, target, context=context):
                yield one
            context += group[: SAMPLE - len(context)]

    async def _done(
        self, work: Callable[[Progress], Result], progress: Progress | bool, target: str | Language
    ) -> Result:
        """The result of work in the thread, which ends early if nobody waits for it any more."""
        given_up = threading.Event()
        with shown(progress, f"to {target}") as told:

            def moved(done: int, total: int) -> None:
                if given_up.is_set():
                    raise _GivenUp
                if told is not None:
                    told(done, total)

            try:
                return await asyncio.get_running_loop().run_in_executor(self._thread, work, moved)
            except asyncio.CancelledError:
                given_up.set()
                raise


class _GivenUp(Exception):
    """Ends work in the thread; nobody sees it."""


async def _groups(texts: Iterable[str] | AsyncIterable[str], size: int) -> AsyncIterator[list[str]]:
    if not isinstance(texts, AsyncIterable):
        rest = given.several(texts, "texts")
        while group := list(islice(rest, size)):
            yield group
        return
    group = list[str]()
    async for text in texts:
        group.append(text)
        if len(group) == size:
            yield group
            group = []
    if group:
        yield group
