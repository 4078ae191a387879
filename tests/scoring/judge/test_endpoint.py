"""The client of an OpenAI-compatible endpoint: what it sends, keeps, tries again and refuses."""

import json
from pathlib import Path

import pytest
from tests.scoring.judge_server import FIRST, Judge, serving

from ontarget.errors import UserError
from ontarget.scoring.judge import endpoint as module
from ontarget.scoring.judge.endpoint import Endpoint, Reply, ReplyCache

SECRET = "sk-very-secret"
ASKED = [
    {"role": "user", "content": "Wie spät? \ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16")}
]


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that it would have waited between tries; and no key of whoever runs the tests."""
    waited: list[float] = []
    monkeypatch.setattr(module.time, "sleep", waited.append)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    return waited


def of(server: Judge, folder: Path, **changes: object) -> Endpoint:
    return Endpoint(server.url, "m", ReplyCache(folder / "kept.jsonl"), **changes)  # type: ignore[arg-type]


def test_it_asks_as_openai_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", SECRET)
    with serving(lambda _: FIRST) as server:
        answer = of(server, tmp_path, key_variable="MY_KEY", settings={"temperature": 0}).ask(ASKED)
    assert answer == Reply(FIRST, 100, 7, fresh=True)
    [(body, headers)] = server.asked
    assert body == {"model": "m", "messages": ASKED, "temperature": 0}
    assert headers["Authorization"] == f"Bearer {SECRET}"
    assert SECRET not in (tmp_path / "kept.jsonl").read_text()


def test_without_a_key_none_is_sent(tmp_path: Path) -> None:
    with serving(lambda _: FIRST) as server:
        of(server, tmp_path).ask(ASKED)
    assert "Authorization" not in server.asked[0][1]


def test_another_question_model_or_setting_is_asked_anew(tmp_path: Path) -> None:
    with serving(lambda _: FIRST) as server:
        for settings in ({}, {}, {"temperature": 0}):
            of(server, tmp_path, settings=settings).ask(ASKED)
        of(server, tmp_path).ask([{"role": "user", "content": "Why?"}])
        Endpoint(server.url, "other", ReplyCache(tmp_path / "kept.jsonl")).ask(ASKED)
    assert len(server.asked) == 4


def test_a_busy_server_is_asked_again_when_it_says(tmp_path: Path, waits: list[float]) -> None:
    replies = [
        (429, {"Retry-After": "7"}, "slow down"),
        (503, {}, ""),
        (529, {"Retry-After": "900"}, ""),
        FIRST,
    ]
    with serving(lambda _: replies.pop(0)) as server:  # type: ignore[arg-type,return-value]
        assert of(server, tmp_path).ask(ASKED).text == FIRST
    assert waits == [7.0, 2.0, 60.0]


def test_a_server_that_stays_busy_is_an_error_that_says_how_to_go_on(tmp_path: Path) -> None:
    with serving(lambda _: (500, {}, "oh no")) as server, pytest.raises(UserError) as caught:
        of(server, tmp_path).ask(ASKED)
    assert "refuses (500): oh no (tried 6 times); replies so far are in" in str(caught.value)
    assert len(server.asked) == 6


def test_no_server_is_one_sentence(tmp_path: Path) -> None:
    with serving(lambda _: FIRST) as server:
        gone = of(server, tmp_path)
    with pytest.raises(UserError, match=r"no reply from http://127.0.0.1:\d+/v1: .*refused"):
        gone.ask(ASKED)


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (
            (401, {}, "bad key sk-very-secret"),
            r"needs an API key \(401\): OPENAI_API_KEY is set, but not accepted",
        ),
        ((404, {}, '{"error": "no\n  such model"}'), r'refuses \(404\): {"error": "no such model"}'),
        ((307, {"Location": "http://127.0.0.1:9/"}, ""), r"redirects to another address \(307\); give that"),
        ((200, {}, "<html>"), "is not in the format of OpenAI's chat completions: '<html>'"),
        ((200, {}, "[]"), "not in the format of OpenAI's"),
        ((200, {}, '{"choices": []}'), "not in the format of OpenAI's"),
    ],
)
def test_a_refusal_is_one_sentence_and_is_not_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reply: tuple[int, dict[str, str], str], message: str
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    with serving(lambda _: reply) as server, pytest.raises(UserError, match=message) as caught:
        of(server, tmp_path).ask(ASKED)
    assert "\n" not in str(caught.value)
    assert SECRET not in str(caught.value)
    assert len(server.asked) == 1
    assert not (tmp_path / "kept.jsonl").exists()


def test_an_answer_without_text_or_usage_is_an_answer(tmp_path: Path) -> None:
    reply = json.dumps({"choices": [{"message": {"content": None}}], "usage": None})
    with serving(lambda _: (200, {}, reply)) as server:
        assert of(server, tmp_path).ask(ASKED) == Reply("", 0, 0, fresh=True)


def test_an_address_that_is_none_is_refused(tmp_path: Path) -> None:
    for url in ("file:///etc/passwd", "api.openai.com/v1", ""):
        with pytest.raises(UserError, match="must begin with http"):
            Endpoint(url, "m", ReplyCache(tmp_path / "kept.jsonl"))


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
