"""The judge's endpoint: what it asks, keeps and refuses."""

import json
from pathlib import Path

import anyio
import pytest
from tests.scoring.judge_server import FIRST, Judge, serving

from ontarget.errors import UserError
from ontarget.openai_api import OpenAIServer
from ontarget.scoring.judge.endpoint import Endpoint, Message, Reply, ReplyCache

SECRET = "sk-very-secret"
ASKED = [{"role": "user", "content": "Wie spät? 😀"}]


@pytest.fixture(autouse=True)
def _no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """No key of whoever runs the tests, and no waiting between tries."""

    async def sleep(seconds: float) -> None:
        pass

    monkeypatch.setattr(anyio, "sleep", sleep)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


def of(server: Judge, folder: Path, **changes: object) -> Endpoint:
    return Endpoint(OpenAIServer(server.url), "m", ReplyCache(folder / "kept.jsonl"), **changes)  # type: ignore[arg-type]


def ask(endpoint: Endpoint, messages: list[Message]) -> Reply:
    [reply] = endpoint.server.each(endpoint.ask, [messages])
    return reply


def test_it_asks_as_openai_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    with serving(lambda _: FIRST) as server:
        answer = ask(of(server, tmp_path, settings={"temperature": 0}), ASKED)
    assert answer == Reply(FIRST, 100, 7, fresh=True)
    [(body, headers)] = server.asked
    assert body == {"model": "m", "messages": ASKED, "temperature": 0}
    assert headers["Authorization"] == f"Bearer {SECRET}"
    assert SECRET not in (tmp_path / "kept.jsonl").read_text()


def test_another_question_model_or_setting_is_asked_anew(tmp_path: Path) -> None:
    with serving(lambda _: FIRST) as server:
        for settings in ({}, {}, {"temperature": 0}):
            ask(of(server, tmp_path, settings=settings), ASKED)
        ask(of(server, tmp_path), [{"role": "user", "content": "Why?"}])
        ask(Endpoint(OpenAIServer(server.url), "other", ReplyCache(tmp_path / "kept.jsonl")), ASKED)
    assert len(server.asked) == 4


def test_a_server_that_stays_busy_is_an_error_that_says_how_to_go_on(tmp_path: Path) -> None:
    with serving(lambda _: (500, {}, "oh no")) as server, pytest.raises(UserError) as caught:
        ask(of(server, tmp_path), ASKED)
    assert str(caught.value).endswith("refuses (500): oh no (tried 6 times)")
    assert len(server.asked) == 6
    with serving(lambda _: FIRST) as server:
        ask(of(server, tmp_path), [{"role": "user", "content": "Why?"}])
    with (
        serving(lambda _: (500, {}, "oh no")) as server,
        pytest.raises(UserError, match="replies so far are in"),
    ):
        ask(of(server, tmp_path), ASKED)


@pytest.mark.parametrize("reply", ["{}", '{"choices": []}', '{"choices": [{"message": "no"}]}'])
def test_a_reply_in_another_form_is_not_kept(tmp_path: Path, reply: str) -> None:
    wrong = pytest.raises(UserError, match="is not in the format of OpenAI's API")
    with serving(lambda _: (200, {}, reply)) as server, wrong:
        ask(of(server, tmp_path), ASKED)
    assert not (tmp_path / "kept.jsonl").exists()


def test_an_answer_without_text_or_usage_is_an_answer(tmp_path: Path) -> None:
    reply = json.dumps({"choices": [{"message": {"content": None}}], "usage": None})
    with serving(lambda _: (200, {}, reply)) as server:
        assert ask(of(server, tmp_path), ASKED) == Reply("", 0, 0, fresh=True)


class TestKept:
    @pytest.mark.parametrize("cut", [b'{"key": "b", "te', '{"key": "b", "text": "é'.encode()[:-1]])
    def test_a_line_that_a_kill_cut_off_is_asked_again(self, tmp_path: Path, cut: bytes) -> None:
        path = tmp_path / "kept.jsonl"
        ReplyCache(path).put("a", Reply("été", 1, 2, fresh=True))
        whole = path.read_text(encoding="utf-8")
        path.write_bytes(whole.encode() + cut)
        kept = ReplyCache(path)
        assert kept.get("a") == Reply("été", 1, 2, fresh=False)
        assert kept.get("b") is None
        assert path.read_text(encoding="utf-8") == whole

    @pytest.mark.parametrize(
        "text",
        [
            "my notes\n",
            "my notes, without an end",
            '{"key": "a", "text": "b", "tokens_in": null, "tokens_out": 1}\n',
            "[" * 100_000 + "\n",
            '{"key": 3, "text": "b", "tokens_in": 1, "tokens_out": 1}\n',
        ],
    )
    def test_a_file_of_something_else_is_left_alone(self, tmp_path: Path, text: str) -> None:
        path = tmp_path / "notes.txt"
        path.write_text(text)
        with pytest.raises(UserError, match=r"notes.txt, line 1 is not a cached reply; give another file"):
            ReplyCache(path)
        assert path.read_text() == text
