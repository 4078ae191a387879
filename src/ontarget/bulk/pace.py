"""Chooses the number of lines of the next shard by the speed of the last one."""

SMALLEST, LARGEST = 256, 16_384
"""Lines of a shard. The engine sorts a shard by length, so small shards waste time on padding."""

_SECONDS = 60.0  # that a shard should take: as much work is lost with kill -9
_AT_MOST = 4  # times the last shard
_STEP = 64  # lines: the rows of a batch on a CPU


class Pace:
    """The number of lines of the next shard: about a minute of work, between `SMALLEST` and `LARGEST`.

    Args:
        lines: the size of the last shard of an earlier run.

    Attributes:
        lines: the size of the next shard.
    """

    def __init__(self, lines: int = SMALLEST) -> None:
        self.lines = min(max(lines, SMALLEST), LARGEST)

    def saw(self, lines: int, seconds: float) -> None:
        """Takes note of the time of a shard."""
        fitting = lines * _SECONDS / max(seconds, 1e-3)
        wanted = int(min(fitting, self.lines * _AT_MOST, LARGEST))
        self.lines = max(wanted // _STEP * _STEP, SMALLEST)
