"""Per-line statistics of paired tests as short text, kept with the scores: about 3 bytes per line for BLEU.

Whole numbers, column by column, split into planes of bytes (nearly all high bytes are 0), compressed by zlib,
in base64. NumPy's own `.npz` takes more: 48 % for the points that ship with ontarget, or 12 % with the
smallest integer type.
"""

import zlib
from base64 import b64decode, b64encode
from typing import Any

import numpy as np

from ontarget.scoring.significance import Statistics, mean_of_segments

KEPT = {"bleu": 6, "otr": 1}
"""Metric -> the number of columns that are kept. The others follow from them: for BLEU the number of n-grams
of each order from the length of the hypothesis, for OTR a column of ones that counts segments."""

_ORDERS = np.arange(4)


def pack(metric: str, statistics: Statistics) -> str:
    """Encodes the statistics, [segments, k], of a metric in `KEPT`; `unpack` decodes them."""
    return _encoded(statistics[:, : KEPT[metric]].T)


def unpack(metric: str, text: str) -> Statistics:
    """The exact statistics, [segments, k], from the text of `pack`.

    Raises:
        ValueError: the text is damaged.
    """
    kept = _decoded(metric, text).T.astype(np.float64)
    if metric == "otr":
        return mean_of_segments(kept[:, 0].tolist())
    return np.hstack([kept, np.maximum(kept[:, :1] - _ORDERS, 0.0)])


def columns(metric: str, text: str) -> list[list[int]]:
    """The columns that are kept, as numbers."""
    numbers: list[list[int]] = _decoded(metric, text).tolist()
    return numbers


def of_columns(metric: str, numbers: list[list[int]]) -> str:
    """The text of `pack` from the `columns` of a metric."""
    return _encoded(np.array(numbers).reshape(KEPT[metric], -1))


def _encoded(kept: np.ndarray[Any, Any]) -> str:
    planes = np.ascontiguousarray(kept, dtype="<u4").view("u1").reshape(-1, 4).T
    return b64encode(zlib.compress(planes.tobytes(), 9)).decode("ascii")


def _decoded(metric: str, text: str) -> np.ndarray[Any, Any]:
    try:
        planes = np.frombuffer(zlib.decompress(b64decode(text, validate=True)), "u1").reshape(4, -1)
    except zlib.error as error:
        raise ValueError(f"not packed statistics: {error}") from None
    return np.ascontiguousarray(planes.T).view("<u4").reshape(KEPT[metric], -1)
