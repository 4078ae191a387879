import logging
import threading
from concurrent.futures import CancelledError

import pytest
from tests.serving.fake import ESEL, Table

from ontarget.errors import UserError
from ontarget.languages import Direction
from ontarget.serving.batcher import Batcher, Ticket, Translates

DE_FR, DE_EN = Direction.parse("de-fr"), Direction.parse("de-en")


def started(table: Table, **how: int) -> Batcher:
    batcher = Batcher(lambda: table, **how)
    batcher.start()
    return batcher


def test_waiting_texts_of_a_direction_are_translated_together_and_each_gets_its_own() -> None:
    table = Table()
    table.go.clear()
    batcher = started(table)
    first = batcher.submit(["eins"], DE_FR, Ticket())
    assert table.begun.acquire(timeout=60)
    waiting = [
        batcher.submit([f"{number}", f"{number}'"], [DE_FR, DE_EN][number % 2], Ticket())
        for number in range(4)
    ]
    table.go.set()
    texts = [[one.text for one in future.result(60)] for future in (first, *waiting)]
    assert texts == [["eins"], ["0", "0'"], ["1", "1'"], ["2", "2'"], ["3", "3'"]]
    assert table.batches == [
        ("de-fr", ["eins"]),
        ("de-fr", ["0", "0'", "2", "2'"]),
        ("de-en", ["1", "1'", "3", "3'"]),
    ]
    batcher.close()


def test_a_batch_has_a_size_but_a_larger_request_is_not_refused() -> None:
    table = Table()
    table.go.clear()
    batcher = started(table, batch_texts=3)
    futures = [batcher.submit(["a"], DE_FR, Ticket())]
    assert table.begun.acquire(timeout=60)
    futures += [batcher.submit([f"{n}"] * n, DE_FR, Ticket()) for n in (2, 5, 1)]
    table.go.set()
    for future in futures:
        future.result(60)
    assert [len(texts) for _, texts in table.batches] == [1, 3, 5]
    batcher.close()


def test_a_request_whose_client_left_is_not_translated() -> None:
    table = Table()
    table.go.clear()
    batcher = started(table)
    running = batcher.submit(["a"], DE_FR, Ticket())
    assert table.begun.acquire(timeout=60)
    left, stays = Ticket(), Ticket()
    dropped, kept = batcher.submit(["b"], DE_FR, left), batcher.submit(["c"], DE_FR, stays)
    left.cancel()
    table.go.set()
    assert running.result(60)[0].text == "a"
    assert kept.result(60)[0].text == "c"
    assert table.batches[1:] == [("de-fr", ["c"])]
    with pytest.raises(CancelledError):
        left.result(dropped)
    batcher.close()


def test_a_running_batch_ends_when_all_its_clients_have_left() -> None:
    table = Table()
    table.go.clear()
    batcher = started(table)
    ticket = Ticket()
    future = batcher.submit([ESEL], DE_FR, ticket)
    assert table.begun.acquire(timeout=60)
    ticket.cancel()
    table.go.set()
    with pytest.raises(CancelledError):
        future.result(60)
    assert batcher.submit(["still here"], DE_FR, Ticket()).result(60)[0].text == "still here"
    batcher.close()


def test_an_error_is_that_of_one_request_and_the_log_has_no_text(caplog: pytest.LogCaptureFixture) -> None:
    table = Table()
    table.go.clear()
    batcher = started(table)
    batcher.submit(["a"], DE_FR, Ticket())
    assert table.begun.acquire(timeout=60)
    good, bad = batcher.submit(["gut"], DE_FR, Ticket()), batcher.submit(["boom"], DE_FR, Ticket())
    with caplog.at_level(logging.ERROR):
        table.go.set()
        assert good.result(60)[0].text == "gut"
        with pytest.raises(ZeroDivisionError):
            bad.result(60)
    assert "ZeroDivisionError in Table.translate" in caplog.text
    assert "boom" not in caplog.text
    batcher.close()


def test_closing_translates_what_waits_and_takes_no_more() -> None:
    table = Table()
    table.go.clear()
    batcher = started(table)
    batcher.submit(["a"], DE_FR, Ticket())
    assert table.begun.acquire(timeout=60)
    waiting = batcher.submit(["b"], DE_FR, Ticket())
    closing = threading.Thread(target=batcher.close)
    closing.start()
    table.go.set()
    closing.join(60)
    assert waiting.result(0)[0].text == "b"
    assert not batcher.ready
    with pytest.raises(RuntimeError, match="closed"):
        batcher.submit(["c"], DE_FR, Ticket())


def test_a_model_that_cannot_be_loaded_is_reported() -> None:
    def load() -> Translates:
        raise UserError("no such model")

    ended = threading.Event()
    batcher = Batcher(load)
    batcher.start(ended.set)
    assert ended.wait(60)
    assert not batcher.ready
    assert str(batcher.error) == "no such model"
