"""Server-sent events: a reply in parts, each of which is JSON."""

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

from starlette.responses import StreamingResponse


class EventsResponse(StreamingResponse):
    """A reply of server-sent events.

    Args:
        events: the events, see `event`.
    """

    media_type = "text/event-stream"

    def __init__(self, events: AsyncIterator[str]) -> None:
        super().__init__(events, headers={"X-Accel-Buffering": "no"})  # nginx would collect the events


def event(data: Mapping[str, Any], name: str = "") -> str:
    """An event in its form on the wire.

    Args:
        data: its data.
        name: its kind; empty: none.
    """
    # In ASCII, because some clients take U+2028 for the end of a line.
    return (f"event: {name}\n" if name else "") + f"data: {json.dumps(data)}\n\n"
