"""The packed outputs of a page, read back as its script reads them."""

import base64
import json
import zlib
from collections.abc import Iterator
from typing import Any


def parts(data: str) -> tuple[dict[str, Any], Iterator[int]]:
    """The header, and the numbers that follow it."""
    header, _, rest = zlib.decompress(base64.b64decode(data)).partition(b"\n")
    return json.loads(header), _numbers(rest)


def _numbers(data: bytes) -> Iterator[int]:
    value = shift = 0
    for byte in data:
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            yield value
            value = shift = 0


def column(numbers: Iterator[int]) -> list[int]:
    return [next(numbers) for _ in range(next(numbers))]


def texts(words: list[str], numbers: Iterator[int]) -> list[str]:
    return [
        "".join(words[place - 1] for place in iter(lambda: next(numbers), 0)) for _ in range(next(numbers))
    ]


def segments(data: str, systems: int) -> list[dict[str, Any]]:
    """All segments: place, line, source, reference, answers (None where a system has none)."""
    header, numbers = parts(data)
    places, lines, said, found, percents, starts, lengths = (column(numbers) for _ in range(7))
    distinct = texts(header["words"], numbers)
    told, judged, known = iter(said), iter(zip(found, percents, starts, lengths, strict=True)), 0

    def text() -> str | None:
        nonlocal known
        back = next(told)
        known += back == 1
        return None if back == 0 else distinct[known - max(back - 1, 1)]

    def answer() -> dict[str, Any] | None:
        words = text()
        if words is None:
            return None
        verdict, percent, start, length = next(judged)
        language, state, outcome, cut = header["verdicts"][verdict]
        return {"text": words, "language": language, "percent": percent, "state": state, "outcome": outcome,
                "cut": cut, "marked": (start, length)}  # fmt: skip

    return [
        {"place": place, "line": line, "source": text(), "reference": text(),
         "answers": [answer() for _ in range(systems)]}
        for place, line in zip(places, lines, strict=True)
    ]  # fmt: skip
