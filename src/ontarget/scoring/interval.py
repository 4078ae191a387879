"""How far a figure may be from the one that more segments would give."""

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval, in the units of its score.

    Attributes:
        low: its lower end.
        high: its upper end.
    """

    low: float
    high: float


def wilson(successes: float, n: int, confidence: float = 0.95) -> Interval:
    """The score interval of a share, in percent (Wilson 1927; Brown, Cai and DasGupta 2001 recommend it).

    It keeps its confidence where the normal approximation fails: few segments, or a share near 0 or 100 %.
    No segment of n off-target is an upper end of about 384 / n percent, not 0.

    Args:
        successes: how many segments have the property, 0 to `n`. Where some count in part (a tie is half a
            win) the variance is less than the formula's, and the interval wider than it need be.
        n: how many segments there are, at least 1.
        confidence: between 0 and 1.

    Raises:
        ValueError: an argument is out of range.
    """
    if not 0 <= successes <= n or n < 1:
        raise ValueError(f"{successes} of {n} is no share")
    z = _quantile(confidence)
    share, weight = successes / n, z * z / n
    centre = (share + weight / 2) / (1 + weight)
    half = z / (1 + weight) * sqrt(share * (1 - share) / n + weight / (4 * n))
    low = 0.0 if successes == 0 else 100.0 * (centre - half)  # exactly: rounding would leave 1e-17
    high = 100.0 if successes == n else 100.0 * (centre + half)
    return Interval(low, high)


def wilson_between(at_least: float, at_most: float, n: int) -> Interval:
    """The interval of a share of which only bounds are known: from Wilson's lower end of one to the upper end
    of the other. Arguments and errors as of `wilson`.
    """
    return Interval(wilson(at_least, n).low, wilson(at_most, n).high)


def _quantile(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise ValueError(f"a confidence of {confidence} is not between 0 and 1; 95 % is 0.95")
    return NormalDist().inv_cdf((1 + confidence) / 2)
