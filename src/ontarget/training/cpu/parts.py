"""Parts of the rows of a tensor that stay in the cache of a processor."""

import math

from torch import Tensor


def parts_of_rows(values: Tensor, numbers: int) -> list[slice]:
    """Divides the rows of a tensor into parts that are computed one after the other.

    Args:
        values: [rows, ...].
        numbers: maximum size of a part; one row may be larger.
    """
    step = max(1, numbers // math.prod(values.shape[1:]))
    return [slice(first, first + step) for first in range(0, len(values), step)]
