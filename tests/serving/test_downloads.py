"""A reply with a file tells whether it was sent to the end."""

import asyncio
from typing import Any

import pytest
from starlette.requests import Request

from ontarget.serving.downloads import sent_reply

DATA = bytes(range(256)) * 1000


@pytest.mark.parametrize(("leaves_after", "told"), [(None, ["sent"]), (0, []), (2, []), (5, [])])
def test_sent_means_sent_to_the_end(leaves_after: int | None, told: list[str]) -> None:
    """A client that leaves after some messages; uvicorn then takes what is sent without an error."""
    found = list[str]()
    messages = list[Any]()

    async def receive() -> Any:
        while leaves_after is None or len(messages) < leaves_after:
            await asyncio.sleep(0)
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        messages.append(message)

    scope = {"type": "http", "method": "POST", "path": "/", "headers": [], "asgi": {"spec_version": "2.3"}}

    async def served() -> None:
        http = Request(scope, receive)
        await sent_reply(http, "ü.txt", DATA, {}, lambda: found.append("sent"))(scope, receive, send)

    asyncio.run(served())
    assert found == told
    if told:
        assert b"".join(one.get("body", b"") for one in messages) == DATA
        headers = dict(messages[0]["headers"])
        assert headers[b"content-length"] == b"256000"
        assert headers[b"content-disposition"] == b"attachment; filename*=UTF-8''%C3%BC.txt"
