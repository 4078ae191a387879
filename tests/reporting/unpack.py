"""The compressed outputs of a page, read as its script reads them."""

import base64
import gzip
import json
from typing import Any


def segments(data: str, systems: int) -> list[dict[str, Any]]:
    """All segments: place, line, source, reference, answers (None where a system has none)."""
    read = json.loads(gzip.decompress(base64.b64decode(data)))

    def answer(packed: list[Any] | None) -> dict[str, Any] | None:
        if packed is None:
            return None
        text, verdict, percent, *marked = packed
        language, state, outcome, cut = read["verdicts"][verdict]
        return {"text": text, "language": language, "percent": percent, "state": state, "outcome": outcome,
                "cut": cut, "marked": tuple(marked) or (0, 0)}  # fmt: skip

    found = [
        {
            "place": place,
            "line": line,
            "source": source,
            "reference": reference,
            "answers": [*map(answer, outputs)],
        }
        for place, line, source, reference, outputs in read["segments"]
    ]
    assert all(len(segment["answers"]) == systems for segment in found)
    return found
