"""Workers with a model without weights, in processes of their own."""

import logging
import os
import signal
import threading
import time
from collections.abc import Iterator
from functools import partial
from multiprocessing.connection import Pipe

import httpx2
import pytest
from tests.checked.fake import FRENCH, GERMAN
from tests.serving.fake import Table, served
from tests.serving.table import Hanging

from ontarget.checked.verdict import Checked
from ontarget.errors import UserError
from ontarget.languages import Direction
from ontarget.scoring.language_id.identifier import default_identifier
from ontarget.serving.model_calls import ModelBug, ModelCall, receive, send
from ontarget.serving.model_owner import ModelOwner, Restarts
from ontarget.serving.model_process import Translates, answer_calls, in_process, in_thread
from ontarget.serving.service import TranslationService
from ontarget.translation.system import Request

FIELDS = {"text": GERMAN, "source": "de", "target": "fr"}


def no_model(message: str) -> Translates:
    raise UserError(message)


def pids(service: TranslationService) -> list[int]:
    return [slot.worker.pid for slot in service.models.named()._slots if slot.worker]  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[TranslationService, str]]:
    service = TranslationService(
        {"ontarget": in_process(Hanging)}, default_identifier(), restarts=Restarts(pause=0.01)
    )
    with served(service) as url:
        yield service, url


def test_a_model_that_is_killed_is_answered_by_503_and_mended(server: tuple[TranslationService, str]) -> None:
    service, url = server
    (pid,) = pids(service)
    assert pid != os.getpid()
    replies = []

    def ask() -> None:
        replies.append(httpx2.post(f"{url}/translate", json={**FIELDS, "text": "hang"}, timeout=60))

    asking = [threading.Thread(target=ask) for _ in range(3)]
    for thread in asking:
        thread.start()
    while service._in_progress < 3 or not service.models.named()._slots[0].running:
        time.sleep(0.01)
    os.kill(pid, signal.SIGKILL)
    for thread in asking:
        thread.join()
    for reply in replies:
        assert (reply.status_code, reply.headers["Retry-After"]) == (503, "5")
        assert reply.json()["error"]["code"] == "model_restarting"
    ready = httpx2.get(f"{url}/ready", timeout=60)
    assert (ready.status_code, ready.json()["error"]["code"]) == (503, "model_restarting")
    assert httpx2.get(f"{url}/health", timeout=60).status_code == 200
    while httpx2.get(f"{url}/ready", timeout=60).status_code != 200:
        time.sleep(0.05)
    reply = httpx2.post(f"{url}/translate", json=FIELDS, timeout=60)
    assert reply.json()["translations"][0]["text"] == FRENCH
    assert "ontarget_model_restarts_total 1.0" in httpx2.get(f"{url}/metrics", timeout=60).text
    assert pids(service) != [pid]


def test_a_process_that_hangs_is_answered_by_503_and_mended(server: tuple[TranslationService, str]) -> None:
    service, url = server
    (pid,) = pids(service)
    slot = service.models.named()._slots[0]
    replies = []
    os.kill(pid, signal.SIGSTOP)  # it neither ends nor goes on
    asking = threading.Thread(
        target=lambda: replies.append(httpx2.post(f"{url}/translate", json=FIELDS, timeout=60))
    )
    asking.start()
    while not slot.running:
        time.sleep(0.01)
    slot.alive -= 1000
    asking.join()
    assert (replies[0].status_code, replies[0].json()["error"]["code"]) == (503, "model_restarting")
    while httpx2.get(f"{url}/ready", timeout=60).status_code != 200:
        time.sleep(0.05)
    assert pids(service) != [pid]
    reply = httpx2.post(f"{url}/translate", json=FIELDS, timeout=60)
    assert reply.json()["translations"][0]["text"] == FRENCH


def test_a_worker_says_that_it_moves_until_a_step_takes_too_long() -> None:
    table, (ours, theirs) = Table(), Pipe()
    thread = threading.Thread(target=answer_calls, args=(theirs, lambda: table, 0.01))
    thread.start()
    assert receive(ours) == {"ready": True}
    assert [receive(ours) for _ in range(3)] == [{"moves": True}] * 3
    table.stalled = 1.0
    while ours.poll(0.2):  # those that it had said already
        receive(ours)
    send(ours, {"id": 0, "call": call("b").to_dict()})
    assert (receive(ours) or {})["id"] == 0  # other threads of it go on
    table.stalled = 0.0
    assert receive(ours) == {"moves": True}
    send(ours, {"end": True})
    thread.join()


def test_the_model_does_not_end_at_signals_for_all_processes(server: tuple[TranslationService, str]) -> None:
    """A terminal and systemd send these to all; the server answers the requests in progress first."""
    service, url = server
    (pid,) = pids(service)
    os.kill(pid, signal.SIGINT)
    os.kill(pid, signal.SIGTERM)
    reply = httpx2.post(f"{url}/translate", json=FIELDS, timeout=60)
    assert reply.status_code == 200
    assert pids(service) == [pid]


def test_a_model_that_cannot_be_loaded_says_so_in_the_server() -> None:
    ended = threading.Event()
    owner = ModelOwner(in_thread(partial(no_model, "there is no model 'x'")))
    owner.start(ended.set)
    assert ended.wait(60)
    assert isinstance(owner.error, UserError)
    assert str(owner.error) == "there is no model 'x'"
    owner.close()


def started(table: Table) -> ModelOwner:
    owner = ModelOwner(in_thread(lambda: table))
    owner.start()
    while not owner.ready:
        time.sleep(0.01)
    return owner


def call(*texts: str, count: int = 1) -> ModelCall:
    return ModelCall([Request(text, Direction.parse("de-fr")) for text in texts], count)


def test_a_short_call_does_not_wait_for_a_long_one() -> None:
    table = Table()
    owner = started(table)
    table.go.clear()
    long = owner.submit(call("a", "b"))
    assert table.begun.acquire(timeout=60)
    table.waits = {"a"}
    short = owner.submit(call("c"))
    assert short.result(60)[0][0].text == "c"
    assert not long.done()
    table.go.set()
    assert [one.text for (one,) in long.result(60)] == ["a", "b"]
    owner.close()


def test_a_call_for_several_translations_gets_them() -> None:
    owner = started(Table({GERMAN: [FRENCH, "Le chien est sur le canapé."], "b": ["b"]}))
    found = owner.submit(call(GERMAN, "b", count=2)).result(60)
    assert [[one.text for one in of_text] for of_text in found] == [
        [FRENCH, "Le chien est sur le canapé."],
        ["b"],
    ]
    owner.close()


def test_a_call_that_is_cancelled_ends(caplog: pytest.LogCaptureFixture) -> None:
    ended = threading.Event()

    class Noticing(Table):
        def translate_requests(self, requests, **how) -> list[list[Checked]]:  # type: ignore[no-untyped-def]
            try:
                return super().translate_requests(requests, **how)
            except BaseException:
                ended.set()
                raise

    table = Noticing()
    owner = started(table)
    table.go.clear()
    future = owner.submit(call(GERMAN))
    assert table.begun.acquire(timeout=60)
    assert future.cancel()
    assert ended.wait(60)
    table.go.set()
    assert owner.submit(call("still here")).result(60)[0][0].text == "still here"
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
    owner.close()


def test_an_error_is_that_of_one_call_and_the_log_has_no_text(caplog: pytest.LogCaptureFixture) -> None:
    owner = started(Table())
    good, bad = owner.submit(call("gut")), owner.submit(call("boom"))
    assert good.result(60)[0][0].text == "gut"
    with pytest.raises(ModelBug):
        bad.result(60)
    assert "ZeroDivisionError in Table.translate_requests" in caplog.text
    assert "boom" not in caplog.text
    owner.close()


def test_a_model_that_is_given_up_is_said_so() -> None:
    def load() -> Translates:
        return tables.pop()

    tables: list[Table] = [Table()]
    service = TranslationService(
        {"ontarget": in_thread(load)}, default_identifier(), restarts=Restarts(most=0)
    )
    with served(service) as url:
        worker = service.models.named()._slots[0].worker
        assert worker is not None
        service.models.named()._slots[0].outbox.put({"end": True})  # as if it had crashed
        while service.models.named().state != "lost":
            time.sleep(0.01)
        for path in ("/ready", "/health"):
            reply = httpx2.get(f"{url}{path}")
            assert (reply.status_code, reply.json()["error"]["code"]) == (503, "model_lost")
            assert "has to be restarted" in reply.json()["message"]
        assert httpx2.post(f"{url}/translate", json=FIELDS).status_code == 503
