"""The client of servers with OpenAI's API: what it sends, tries again, cancels and refuses."""

import email.utils
import subprocess
import sys
import threading
import time
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.openai_server import CUT, Answer, Server, serving

from ontarget.errors import UserError
from ontarget.openai_api import NoReply, OpenAIServer, Refused, Session

SECRET = "sk-very-secret"
OK: dict[str, Any] = {"ok": "é \ud83d"}


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that it would have waited between tries; and no key of whoever runs the tests."""
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(anyio, "sleep", sleep)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    return waited


async def _post(session: Session, body: dict[str, Any]) -> dict[str, Any]:
    return await session.post("completions", body)


def ask(server: Server, **how: Any) -> dict[str, Any]:
    [reply] = OpenAIServer(server.url, **how).each(_post, [{"a": "Wie spät? 😀"}])
    return reply


def test_a_request_and_its_reply_are_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", f" {SECRET}\n")
    with serving(lambda path, body: OK) as server:
        assert ask(server, api_key_env="MY_KEY") == OK
    [asked] = server.asked
    assert (asked.path, asked.body) == ("completions", {"a": "Wie spät? 😀"})
    assert asked.headers["Authorization"] == f"Bearer {SECRET}"


def test_without_a_key_none_is_sent() -> None:
    with serving(lambda path, body: OK) as server:
        ask(server)
        OpenAIServer(f"{server.url}/").each(lambda session, path: session.get(path), ["models"])
    assert all("Authorization" not in asked.headers for asked in server.asked)
    assert [asked.path for asked in server.asked] == ["completions", "models"]


@given(st.integers(0, 7), st.integers(1, 9))
def test_results_are_in_order_and_so_many_requests_are_made_at_once(items: int, concurrency: int) -> None:
    done: list[tuple[int, int]] = []
    with serving(lambda path, body: body) as server:
        found = OpenAIServer(server.url, concurrency=concurrency).each(
            _post, [{"n": n} for n in range(items)], lambda *progress: done.append(progress)
        )
    assert found == [{"n": n} for n in range(items)]
    counts = [finished for finished, _ in dict.fromkeys(done) if finished]  # it also reports every second
    assert counts == list(range(1, items + 1))
    assert {total for _, total in done} <= {items}
    assert server.most_at_once <= concurrency


def test_threads_share_the_limit_of_requests() -> None:
    def answer(path: str, body: dict[str, Any]) -> Answer:
        time.sleep(0.01)
        return body

    found = dict[int, list[dict[str, Any]]]()
    with serving(answer) as server:
        client = OpenAIServer(server.url, concurrency=3)

        def ask(thread: int) -> None:
            found[thread] = client.each(_post, [{"n": n} for n in range(thread, thread + 4)])

        threads = [threading.Thread(target=ask, args=(thread,)) for thread in range(6)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    assert found == {thread: [{"n": n} for n in range(thread, thread + 4)] for thread in range(6)}
    assert server.most_at_once <= 3


def test_work_can_be_given_up_while_the_server_does_not_reply(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ontarget.openai_api._REPORTED", 0.01)
    asked, go_on = threading.Event(), threading.Event()

    def answer(path: str, body: dict[str, Any]) -> Answer:
        asked.set()
        go_on.wait(10)
        return body

    def give_up(finished: int, _: int) -> None:
        if asked.is_set() and not finished:
            raise InterruptedError

    with serving(answer) as server:
        try:
            with pytest.raises(InterruptedError):
                OpenAIServer(server.url).each(_post, [{"n": 1}], give_up)
        finally:
            go_on.set()


def test_requests_wait_for_each_other_neither_more_nor_less_than_they_must() -> None:
    def answer(path: str, body: dict[str, Any]) -> Answer:
        for _ in range(1000):  # until three are there
            if server.most_at_once == 3:
                break
            time.sleep(0.01)
        return body

    with serving(answer) as server:
        OpenAIServer(server.url, concurrency=3).each(_post, [{"n": n} for n in range(9)])
    assert server.most_at_once == 3
    assert len({asked.connection for asked in server.asked}) == 3  # connections are used again


def test_a_busy_server_is_asked_again_when_it_says(waits: list[float]) -> None:
    replies: list[Answer] = [
        (429, {"Retry-After": "7"}, "slow down"),
        (503, {}, ""),
        (529, {"Retry-After": "900"}, ""),
        (429, {"Retry-After": email.utils.formatdate(time.time() + 20.5, usegmt=True)}, ""),
        (500, {"Retry-After": "soon"}, ""),
        OK,
    ]
    with serving(lambda path, body: replies.pop(0)) as server:
        assert ask(server) == OK
    by_itself = [waits[1], waits[4]]
    assert [waits[0], waits[2]] == [7.0, 60.0]
    assert 15 < waits[3] < 22
    assert 1.5 <= by_itself[0] <= 2.5  # longer from try to try, and not the same for all requests
    assert 12 <= by_itself[1] <= 20


def test_a_server_that_stays_busy_is_an_error(waits: list[float]) -> None:
    with serving(lambda path, body: (500, {}, "oh no")) as server, pytest.raises(NoReply) as caught:
        ask(server)
    assert str(caught.value) == f"{server.url} refuses (500): oh no (tried 6 times)"
    assert len(server.asked) == 6


def test_a_connection_that_is_cut_is_tried_again() -> None:
    replies: list[Answer] = [CUT, CUT, OK]
    with serving(lambda path, body: replies.pop(0)) as server:
        assert ask(server) == OK
    with serving(lambda path, body: CUT) as server, pytest.raises(NoReply, match=r"no reply from .* 6 times"):
        ask(server)


def test_a_reply_that_does_not_come_is_not_waited_for_for_ever() -> None:
    def late(path: str, body: dict[str, Any]) -> Answer:
        time.sleep(0.3)
        return OK

    with serving(late) as server, pytest.raises(NoReply, match=r"the time is up \(tried 6 times\)"):
        ask(server, patience=0.01)


def test_no_server_is_one_sentence_at_once(waits: list[float]) -> None:
    with serving(lambda path, body: OK) as server:
        gone = OpenAIServer(server.url)
    with pytest.raises(NoReply, match=r"no reply from http://127\.0\.0\.1:\d+/v1: .*; check the address"):
        gone.each(_post, [{}])
    assert waits == []


def test_a_server_that_was_there_is_waited_for(waits: list[float]) -> None:
    with serving(lambda path, body: OK) as server:
        gone = OpenAIServer(server.url)
        gone.each(_post, [{}])
    with pytest.raises(NoReply, match=r"tried 6 times"):
        gone.each(_post, [{}])
    assert len(waits) == 5


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (
            (401, {}, f"bad key {SECRET}"),
            r"needs an API key \(401\): OPENAI_API_KEY is set, but not accepted",
        ),
        ((404, {}, '{"error": {"message": "no\\n  such model"}}'), r"refuses \(404\): no such model; check"),
        ((400, {}, '{"error": "too many"}'), r"refuses \(400\): too many$"),
        ((422, {}, '{"detail": "not a number"}'), r"refuses \(422\): not a number$"),
        ((400, {}, f"the key {SECRET}\x1b[31m"), r"refuses \(400\): the key \*\*\* \[31m$"),
        ((400, {}, ""), r"refuses \(400\): Bad Request$"),
        ((307, {"Location": "http://127.0.0.1:9/"}, ""), r"redirects to another address \(307\); give that"),
        ((200, {}, "<html>"), "is not in the format of OpenAI's API: '<html>'; check the address"),
        ((200, {}, "[]"), "not in the format of OpenAI's"),
        ((200, {}, "[" * 100_000), "not in the format of OpenAI's"),
        ((200, {}, ""), "not in the format of OpenAI's"),
    ],
)
def test_a_refusal_is_one_sentence_and_is_not_tried_again(
    monkeypatch: pytest.MonkeyPatch, reply: Answer, message: str
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    with serving(lambda path, body: reply) as server, pytest.raises(UserError, match=message) as caught:
        ask(server)
    assert "\n" not in str(caught.value)
    assert SECRET not in str(caught.value)
    assert len(server.asked) == 1


def test_a_refusal_ends_all_requests_and_has_its_details() -> None:
    refusal = '{"error": {"message": "no", "code": "x"}}'

    def answer(path: str, body: dict[str, Any]) -> Answer:
        if body["n"] == 3:
            return 400, {}, refusal
        time.sleep(0.02)
        return OK

    with serving(answer) as server, pytest.raises(Refused) as caught:
        OpenAIServer(server.url, concurrency=4).each(_post, [{"n": n} for n in range(1000)])
    assert (caught.value.status, caught.value.reason, caught.value.details["code"]) == (400, "no", "x")
    assert len(server.asked) < 20


def test_ctrl_c_ends_requests_that_are_under_way() -> None:
    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    def answer(path: str, body: dict[str, Any]) -> Answer:
        time.sleep(body["seconds"])
        return OK

    with serving(answer) as server, pytest.raises(KeyboardInterrupt):
        OpenAIServer(server.url).each(_post, [{"seconds": 0.0}, {"seconds": 2.0}], interrupt)


@pytest.mark.parametrize("key", ["sk-é", "sk-1\nsk-2"])
def test_a_key_that_cannot_be_sent_is_refused_without_naming_it(
    monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", key)
    wrong = pytest.raises(UserError, match="OPENAI_API_KEY is not an API key")
    with serving(lambda path, body: OK) as server, wrong as caught:
        ask(server)
    assert "sk-" not in str(caught.value)
    assert server.asked == []


def test_importing_the_client_loads_no_library() -> None:
    code = "import sys, ontarget.openai_api; print(*({'httpx2', 'anyio', 'torch'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout == "\n"
