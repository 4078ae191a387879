"""What paired tests add up line by line, as text: 3 bytes a line of BLEU, so that it is kept with the scores.

Whole numbers, column by column, in planes of bytes (nearly all high ones are 0), compressed, in base 64.
"""

import zlib
from base64 import b64decode, b64encode

import numpy as np

from ontarget.scoring.significance import Statistics, mean_of_segments

KEPT = {"bleu": 6, "otr": 1}
"""Metric -> how many of its columns are kept. The others follow: of BLEU its n-grams by order from the length
of the hypothesis, of OTR the ones that count segments."""

_ORDERS = np.arange(4)


def pack(metric: str, statistics: Statistics) -> str:
    """The statistics of a metric of `KEPT`, [segments, k], as `unpack` takes them."""
    kept = np.ascontiguousarray(statistics[:, : KEPT[metric]].T, dtype="<u4")
    planes = kept.view("u1").reshape(-1, 4).T
    return b64encode(zlib.compress(planes.tobytes(), 9)).decode("ascii")


def unpack(metric: str, text: str) -> Statistics:
    """The statistics again, number for number.

    Raises:
        ValueError: the text is not of `pack`.
    """
    try:
        planes = np.frombuffer(zlib.decompress(b64decode(text, validate=True)), "u1").reshape(4, -1)
    except zlib.error as error:
        raise ValueError(f"not packed statistics: {error}") from None
    kept = np.ascontiguousarray(planes.T).view("<u4").reshape(KEPT[metric], -1).T.astype(np.float64)
    if metric == "otr":
        return mean_of_segments(kept[:, 0].tolist())
    return np.hstack([kept, np.maximum(kept[:, :1] - _ORDERS, 0.0)])
