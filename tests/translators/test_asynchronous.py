import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="needs the extra `train`")

from tests.checked.fake import ENGLISH, FRENCH, GERMAN
from tests.translators.test_checked import Model

from ontarget import AsyncTranslator, CheckedTranslator, UserError


def translator(answers: Any) -> AsyncTranslator:
    return AsyncTranslator(CheckedTranslator(Model(answers)))


def test_the_methods_give_what_the_others_give(tmp_path: Path) -> None:
    file = tmp_path / "a.md"
    file.write_text(f"# {GERMAN}\n", encoding="utf-8")

    async def all_of_them() -> None:
        model = translator({GERMAN: [FRENCH, ENGLISH]})
        assert (await model.translate(GERMAN, "de", "fr")).text == FRENCH
        assert [one.text for one in await model.translate([GERMAN, ""], "auto", "fr")] == [FRENCH, ""]
        assert [one.text for one in await model.translate_batch([GERMAN], "de", "fr", context=["x"])] == [
            FRENCH
        ]
        (both,) = await model.alternatives([GERMAN], "de", "fr", 2)
        assert [one.text for one in both] == [FRENCH, ENGLISH]
        assert (await model.translate_document(file, "fr", source="de")).data == f"# {FRENCH}\n".encode()
        assert [one.text async for one in model.stream([GERMAN] * 3, "de", "fr", size=2)] == [FRENCH] * 3
        with pytest.raises(UserError, match="source and target are both de"):
            await model.translate(GERMAN, "de", "de")

    asyncio.run(all_of_them())


def test_a_stream_reads_as_it_is_used() -> None:
    read = list[str]()

    async def texts() -> AsyncIterator[str]:
        for text in "abcde":
            read.append(text)
            yield text

    async def use() -> None:
        stream = translator(lambda *_: [FRENCH]).stream(texts(), "de", "fr", size=2)
        assert (await anext(stream)).source == "a"
        assert read == ["a", "b"]
        assert [one.source async for one in stream] == ["b", "c", "d", "e"]

    asyncio.run(use())


def test_the_loop_goes_on_while_the_model_works() -> None:
    may_end = threading.Event()

    def answer(*_: object) -> list[str]:
        assert may_end.wait(10)
        return [FRENCH]

    async def use() -> None:
        work = asyncio.create_task(translator(answer).translate("a", "de", "fr"))
        await asyncio.sleep(0)
        assert not work.done()
        may_end.set()  # the loop, which is free, lets the model end
        assert (await work).text == FRENCH

    asyncio.run(use())


class Slow(Model):
    """Tells its progress again and again, until that raises an exception."""

    def __init__(self, told: Callable[[], None], ended: list[str]) -> None:
        super().__init__(lambda *_: [FRENCH])
        self.engine.generate, generate = self._generate, self.engine.generate  # type: ignore[method-assign]
        self._at_first, self._ended, self._told = generate, ended, told

    def _generate(self, prompts: Any, decoding: Any, *, progress: Any, **how: Any) -> Any:
        if "stays" not in str(prompts):
            return self._at_first(prompts, decoding, **how)
        self._told()
        try:
            for _ in range(100_000):
                progress(0, len(prompts))
                threading.Event().wait(0.001)
        except Exception as error:
            self._ended.append(type(error).__name__)
            raise
        raise AssertionError("not given up")


def test_a_cancelled_call_ends_the_work_and_one_that_waits_is_never_begun() -> None:
    ended = list[str]()

    async def use() -> None:
        begun, loop = asyncio.Event(), asyncio.get_running_loop()
        model = AsyncTranslator(
            CheckedTranslator(Slow(lambda: loop.call_soon_threadsafe(begun.set), ended), num_beams=1)
        )
        running = asyncio.create_task(model.translate("stays", "de", "fr"))
        await begun.wait()
        begun.clear()
        waiting = asyncio.create_task(model.translate("stays, too", "de", "fr"))
        await asyncio.sleep(0)
        for task in (running, waiting):
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        assert (await model.translate("next", "de", "fr")).text == FRENCH
        assert not begun.is_set()

    asyncio.run(use())
    assert ended == ["_GivenUp"]


def test_progress_is_told() -> None:
    told = list[tuple[int, int]]()

    async def use() -> None:
        await translator(lambda *_: [FRENCH]).translate(
            ["a", "b"], "de", "fr", progress=lambda *now: told.append(now)
        )

    asyncio.run(use())
    assert told == [(2, 2)]
