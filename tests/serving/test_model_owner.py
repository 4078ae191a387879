"""The owner, with workers that follow a script; those with models are in `test_model_process.py`."""

import logging
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection, Pipe

import pytest

from ontarget.checked.verdict import Checked, Verdict
from ontarget.errors import UserError
from ontarget.languages import Direction
from ontarget.serving.model_calls import (
    ModelBug,
    ModelCall,
    ModelEnded,
    receive,
    results_to_list,
    send,
)
from ontarget.serving.model_owner import ModelOwner, Restarts
from ontarget.translation.hypothesis import Hypothesis
from ontarget.translation.system import Request

QUICK = Restarts(most=2, pause=0.01)
DIRECTION = Direction.parse("de-fr")
Script = Callable[[Connection], None]


class ScriptedWorker:
    def __init__(self, script: Script) -> None:
        self.connection, theirs = Pipe()
        self.killed = False

        def run() -> None:
            script(theirs)
            theirs.close()

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()

    def kill(self) -> None:
        self.killed = True

    def end(self, seconds: float) -> str:
        self._thread.join(seconds)
        return "SIGKILL"


def owner_of(*scripts: Script, workers: int = 1, **how: object) -> ModelOwner:
    """An owner whose first workers follow these scripts, and all others the last one."""
    left = iter(scripts)
    return ModelOwner(
        lambda: ScriptedWorker(next(left, scripts[-1])),
        workers=workers,
        restarts=QUICK,
        **how,  # type: ignore[arg-type]
    )


def call(*texts: str) -> ModelCall:
    return ModelCall([Request(text, DIRECTION) for text in texts])


def results(data: dict) -> list:
    """The answer to a call: each text in capitals."""
    requests = ModelCall.of_dict(data).requests
    verdict = Verdict("unsure", "", 0.0)
    return results_to_list(
        [
            [Checked(one.source, one.direction, Hypothesis(one.source.upper(), "stop", 0.0, 1), verdict)]
            for one in requests
        ]
    )


def echo(connection: Connection) -> None:
    """Answers each call."""
    send(connection, {"ready": True})
    while (message := receive(connection)) and "end" not in message:
        if "id" in message:
            send(connection, {"id": message["id"], "results": results(message["call"])})


def dies_at_a_call(connection: Connection) -> None:
    send(connection, {"ready": True})
    receive(connection)


def no_such_model(connection: Connection) -> None:
    send(connection, {"failed": {"kind": "user", "message": "no such model"}})


def until(condition: Callable[[], bool]) -> None:
    for _ in range(6000):
        if condition():
            return
        threading.Event().wait(0.01)
    pytest.fail("it did not happen")


def started(owner: ModelOwner) -> ModelOwner:
    owner.start()
    until(lambda: owner.ready)
    return owner


def test_answers_in_any_order_come_to_their_own_calls() -> None:
    def backwards(connection: Connection) -> None:
        send(connection, {"ready": True})
        messages = [receive(connection) for _ in range(20)]
        for message in reversed(messages):
            assert message is not None
            send(connection, {"id": message["id"], "results": results(message["call"])})
        receive(connection)

    owner = started(owner_of(backwards))
    futures = [owner.submit(call(f"a{number}", f"b{number}")) for number in range(20)]
    for number, future in enumerate(futures):
        assert [one.text for (one,) in future.result(60)] == [f"A{number}", f"B{number}"]
        assert [one.source for (one,) in future.result(60)] == [f"a{number}", f"b{number}"]
    owner.close()


def test_calls_of_a_worker_that_ends_fail_and_the_next_one_answers(
    caplog: pytest.LogCaptureFixture,
) -> None:
    restarts = []
    go_on = threading.Event()

    def slow_to_load(connection: Connection) -> None:
        assert go_on.wait(60)
        echo(connection)

    owner = started(owner_of(dies_at_a_call, slow_to_load, on_restart=lambda: restarts.append(1)))
    with caplog.at_level(logging.ERROR):
        running = [owner.submit(call("a")), owner.submit(call("b"))]
        for future in running:
            with pytest.raises(ModelEnded):
                future.result(60)
    assert owner.state == "restarting"
    with pytest.raises(ModelEnded):
        owner.submit(call("c"))
    go_on.set()
    until(lambda: owner.ready)
    assert owner.submit(call("d")).result(60)[0][0].text == "D"
    assert restarts == [1]
    assert "has ended (SIGKILL); it starts again in 0.01 s" in caplog.text
    owner.close()
    assert owner.state == "closed"


def test_a_model_that_ends_again_and_again_is_given_up(caplog: pytest.LogCaptureFixture) -> None:
    restarts = []
    owner = owner_of(dies_at_a_call, on_restart=lambda: restarts.append(1))
    owner.start()
    for _ in range(QUICK.most + 1):
        until(lambda: owner.ready)
        with pytest.raises(ModelEnded):
            owner.submit(call("a")).result(60)
    until(lambda: owner.state == "lost")
    assert len(restarts) == QUICK.most
    assert "has ended too often (SIGKILL); restart this server" in caplog.text
    owner.close()


def test_a_model_that_is_gone_at_a_restart_is_tried_again() -> None:
    owner = started(owner_of(dies_at_a_call, no_such_model, echo))
    with pytest.raises(ModelEnded):
        owner.submit(call("a")).result(60)
    until(lambda: owner.ready)
    assert owner.error is None
    owner.close()


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (no_such_model, "no such model"),
        (lambda connection: None, "ended while it loaded the model (SIGKILL); if that is for lack of memory"),
    ],
)
def test_a_model_that_cannot_be_loaded_at_first_is_reported(script: Script, said: str) -> None:
    ended = threading.Event()
    owner = owner_of(script)
    owner.start(ended.set)
    assert ended.wait(60)
    assert isinstance(owner.error, UserError)
    assert said in str(owner.error)
    assert not owner.ready
    owner.close()


def test_a_cancelled_call_is_told_to_the_worker_and_its_late_answer_is_for_nobody() -> None:
    heard = []

    def late(connection: Connection) -> None:
        send(connection, {"ready": True})
        first, cancel = receive(connection), receive(connection)
        heard.append(cancel)
        assert first is not None
        send(connection, {"id": first["id"], "results": results(first["call"])})
        second = receive(connection)
        assert second is not None
        send(connection, {"id": second["id"], "results": results(second["call"])})
        receive(connection)

    owner = started(owner_of(late))
    future = owner.submit(call("a"))
    assert future.cancel()
    assert owner.submit(call("b")).result(60)[0][0].text == "B"
    assert heard == [{"cancel": 0}]
    owner.close()


def test_a_wrong_number_of_results_fails_one_call() -> None:
    def short(connection: Connection) -> None:
        send(connection, {"ready": True})
        message = receive(connection)
        assert message is not None
        send(connection, {"id": message["id"], "results": []})
        echo(connection)

    owner = started(owner_of(short))
    with pytest.raises(ModelBug):
        owner.submit(call("a")).result(60)
    assert owner.submit(call("b")).result(60)[0][0].text == "B"
    owner.close()


def test_a_worker_that_hangs_is_killed_and_replaced(caplog: pytest.LogCaptureFixture) -> None:
    killed = threading.Event()

    def hangs(connection: Connection) -> None:
        send(connection, {"ready": True})
        assert killed.wait(60)

    owner = started(owner_of(hangs, echo, step_seconds=600))
    slot = owner._slots[0]
    worker = slot.worker
    assert isinstance(worker, ScriptedWorker)
    running = owner.submit(call("a"))
    slot.alive -= 601  # as if so much time had gone by
    with pytest.raises(ModelEnded):
        running.result(60)
    assert owner.state == "restarting"
    until(lambda: worker.killed)
    killed.set()
    until(lambda: owner.ready)
    assert owner.submit(call("b")).result(60)[0][0].text == "B"
    assert "the model has made no step for 600 s; its process is killed" in caplog.text
    owner.close()


def test_signs_of_life_count_but_answers_do_not() -> None:
    """A worker whose engine hangs may still refuse texts that are too long, for which it needs no engine."""
    owner = started(owner_of(echo))
    slot = owner._slots[0]
    before = slot.alive
    owner.submit(call("a")).result(60)
    assert slot.alive == before
    owner._hear(slot, {"moves": True})
    assert slot.alive > before
    owner.close()


def test_workers_share_the_calls_and_one_that_ends_is_not_the_end() -> None:
    calls: list[list[str]] = [[], []]
    gates = [threading.Event(), threading.Event()]

    def worker(number: int) -> Script:
        def script(connection: Connection) -> None:
            send(connection, {"ready": True})
            while (message := receive(connection)) and "end" not in message:
                calls[number].append(message["call"]["requests"][0]["source"])
                if message["call"]["requests"][0]["source"] == "die":
                    return
                assert gates[number].wait(60)
                send(connection, {"id": message["id"], "results": results(message["call"])})

        return script

    owner = owner_of(worker(0), worker(1), echo, workers=2)
    owner.start()
    until(lambda: sum(slot.ready for slot in owner._slots) == 2)
    long, short, other = (owner.submit(call(text)) for text in ("a long text", "b", "c"))
    gates[0].set()
    gates[1].set()
    for future in (long, short, other):
        future.result(60)
    assert sorted(map(sorted, calls)) == [["a long text"], ["b", "c"]]
    with pytest.raises(ModelEnded):
        owner.submit(call("die")).result(60)
    assert owner.submit(call("e")).result(60)[0][0].text == "E"
    owner.close()


def test_closing_fails_what_is_not_answered() -> None:
    def never(connection: Connection) -> None:
        send(connection, {"ready": True})
        while (message := receive(connection)) and "end" not in message:
            pass

    owner = started(owner_of(never))
    future = owner.submit(call("a"))
    owner.close()
    with pytest.raises(ModelEnded):
        future.result(60)
    with pytest.raises(ModelEnded):
        owner.submit(call("b"))
