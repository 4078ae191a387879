import logging
import threading
from concurrent.futures import CancelledError
from threading import Event

import pytest
from tests.serving.fake import ESEL, Table

from ontarget.languages import Direction
from ontarget.serving.batcher import Batcher
from ontarget.serving.model_calls import ModelCall
from ontarget.translation.system import Request

DE_FR, DE_EN = Direction.parse("de-fr"), Direction.parse("de-en")


def call(*texts: str, direction: Direction = DE_FR, count: int = 1) -> ModelCall:
    return ModelCall([Request(text, direction) for text in texts], count)


def test_waiting_texts_are_translated_together_and_each_gets_its_own() -> None:
    table = Table()
    table.go.clear()
    batcher = Batcher(table)
    first = batcher.submit(call("eins"), Event())
    assert table.begun.acquire(timeout=60)
    waiting = [
        batcher.submit(call(f"{number}", f"{number}'", direction=[DE_FR, DE_EN][number % 2]), Event())
        for number in range(4)
    ]
    table.go.set()
    texts = [[one.text for (one,) in future.result(60)] for future in (first, *waiting)]
    assert texts == [["eins"], ["0", "0'"], ["1", "1'"], ["2", "2'"], ["3", "3'"]]
    assert table.batches == [
        ["de-fr eins"],
        [
            f"{direction} {text}"
            for n, direction in enumerate(["de-fr", "de-en"] * 2)
            for text in (n, f"{n}'")
        ],
    ]
    batcher.close()


def test_calls_for_several_translations_are_batches_of_their_own() -> None:
    table = Table({"a": ["a1", "a2", "a3"]})
    table.go.clear()
    batcher = Batcher(table)
    batcher.submit(call("x"), Event())
    assert table.begun.acquire(timeout=60)
    two, one = batcher.submit(call("a", count=2), Event()), batcher.submit(call("a"), Event())
    table.go.set()
    assert len(two.result(60)[0]) == 2
    assert len(one.result(60)[0]) == 1
    batcher.close()


def test_a_batch_has_a_size_but_a_larger_call_is_not_refused() -> None:
    table = Table()
    table.go.clear()
    batcher = Batcher(table, batch_texts=3)
    futures = [batcher.submit(call("a"), Event())]
    assert table.begun.acquire(timeout=60)
    futures += [batcher.submit(call(*[f"{n}"] * n), Event()) for n in (2, 5, 1)]
    table.go.set()
    for future in futures:
        future.result(60)
    assert [len(texts) for texts in table.batches] == [1, 3, 5]
    batcher.close()


def test_a_call_whose_client_left_is_not_translated() -> None:
    table = Table()
    table.go.clear()
    batcher = Batcher(table)
    running = batcher.submit(call("a"), Event())
    assert table.begun.acquire(timeout=60)
    left = Event()
    dropped, kept = batcher.submit(call("b"), left), batcher.submit(call("c"), Event())
    left.set()
    table.go.set()
    assert running.result(60)[0][0].text == "a"
    assert kept.result(60)[0][0].text == "c"
    assert table.batches[1:] == [["de-fr c"]]
    with pytest.raises(CancelledError):
        dropped.result(60)
    batcher.close()


def test_a_running_batch_ends_when_all_its_clients_have_left() -> None:
    table = Table()
    table.go.clear()
    batcher = Batcher(table)
    left = Event()
    future = batcher.submit(call(ESEL), left)
    assert table.begun.acquire(timeout=60)
    left.set()
    table.go.set()
    with pytest.raises(CancelledError):
        future.result(60)
    assert batcher.submit(call("still here"), Event()).result(60)[0][0].text == "still here"
    batcher.close()


def test_an_error_is_that_of_one_call_and_the_log_has_no_text(caplog: pytest.LogCaptureFixture) -> None:
    table = Table()
    table.go.clear()
    batcher = Batcher(table)
    batcher.submit(call("a"), Event())
    assert table.begun.acquire(timeout=60)
    good, bad = batcher.submit(call("gut"), Event()), batcher.submit(call("boom"), Event())
    with caplog.at_level(logging.ERROR):
        table.go.set()
        assert good.result(60)[0][0].text == "gut"
        with pytest.raises(ZeroDivisionError):
            bad.result(60)
    assert "ZeroDivisionError in Table.translate_requests" in caplog.text
    assert "boom" not in caplog.text
    batcher.close()


def test_closing_translates_what_waits_and_takes_no_more() -> None:
    table = Table()
    table.go.clear()
    batcher = Batcher(table)
    batcher.submit(call("a"), Event())
    assert table.begun.acquire(timeout=60)
    waiting = batcher.submit(call("b"), Event())
    closing = threading.Thread(target=batcher.close)
    closing.start()
    table.go.set()
    closing.join(60)
    assert waiting.result(0)[0][0].text == "b"
    with pytest.raises(RuntimeError, match="closed"):
        batcher.submit(call("c"), Event())
