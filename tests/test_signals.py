import os
import signal
import threading

import pytest

from ontarget.signals import Terminated, postponed, terminable


def send(number: int) -> None:
    os.kill(os.getpid(), number)


def test_sigterm_is_an_exception_in_the_block_and_what_it_was_after_it() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Terminated), terminable():
        send(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize(
    ("number", "kind"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated)]
)
def test_the_first_request_waits_until_it_is_obeyed(number: int, kind: type[BaseException]) -> None:
    told: list[int] = []
    with postponed(told.append) as stop:
        assert stop.signal is None
        send(number)
        assert stop.signal == number
    assert told == [number]
    with pytest.raises(KeyboardInterrupt) as caught:
        stop.obey()
    assert caught.type is kind


def test_nothing_is_obeyed_where_nobody_asked() -> None:
    with postponed() as stop:
        pass
    stop.obey()


@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM])
def test_a_second_ctrl_c_is_not_postponed_but_a_second_sigterm_is(first: int) -> None:
    with postponed() as stop:
        send(first)
        send(signal.SIGTERM)
        assert stop.signal == first
        with pytest.raises(KeyboardInterrupt):
            send(signal.SIGINT)


def test_what_was_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with postponed() as stop:
            send(signal.SIGINT)
            assert stop.signal is None
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_thread_has_no_signals_and_needs_none() -> None:
    done = []

    def work() -> None:
        with terminable(), postponed() as stop:
            done.append(stop.signal)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [None]
