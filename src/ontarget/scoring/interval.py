"""Confidence intervals of shares: how much a figure may change with more segments."""

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval, in the units of its score.

    Attributes:
        low: the lower end.
        high: the upper end.
    """

    low: float
    high: float


def wilson(successes: float, n: int, confidence: float = 0.95) -> Interval:
    """Wilson's interval of a share, in percent (Wilson 1927; recommended by Brown, Cai & DasGupta 2001).

    It keeps its confidence where the normal approximation fails: with few segments, or a share near 0 or
    100 %. If none of n segments is off-target, the upper end is about 384 / n percent, not 0.

    Args:
        successes: number of segments with the property, 0 to `n`. If some count in part (a tie is half a
            win), the variance is less than the formula's, and the interval is wider than necessary.
        n: number of segments, at least 1.
        confidence: between 0 and 1.

    Raises:
        ValueError: an argument is out of range.
    """
    if not 0 <= successes <= n or n < 1:
        raise ValueError(f"{successes} of {n} is not a share")
    z = _quantile(confidence)
    share, weight = successes / n, z * z / n
    centre = (share + weight / 2) / (1 + weight)
    half = z / (1 + weight) * sqrt(share * (1 - share) / n + weight / (4 * n))
    low = 0.0 if successes == 0 else 100.0 * (centre - half)  # exactly: rounding would leave 1e-17
    high = 100.0 if successes == n else 100.0 * (centre + half)
    return Interval(low, high)


def wilson_between(at_least: float, at_most: float, n: int) -> Interval:
    """The interval of a share between two bounds: Wilson's lower end for one, the upper end for the other.

    Arguments and errors as in `wilson`.
    """
    return Interval(wilson(at_least, n).low, wilson(at_most, n).high)


def _quantile(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise ValueError(f"a confidence of {confidence} is not between 0 and 1; 95 % is 0.95")
    return NormalDist().inv_cdf((1 + confidence) / 2)
