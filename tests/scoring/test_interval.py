import random
from math import comb
from statistics import fmean, stdev

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontarget.scoring.interval import Interval, bootstrap, wilson


# Newcombe 1998, Statistics in Medicine 17, table I: method 3, the score interval uncorrected.
@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_equals_the_published_table(successes: int, n: int, low: float, high: float) -> None:
    interval = wilson(successes, n)
    assert (interval.low, interval.high) == (
        pytest.approx(100 * low, abs=0.005),
        pytest.approx(100 * high, abs=0.005),
    )


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_holds_the_share_and_is_symmetric(share: tuple[int, int]) -> None:
    successes, n = share
    interval, mirrored = wilson(successes, n), wilson(n - successes, n)
    assert 0.0 <= interval.low <= 100.0 * successes / n <= interval.high <= 100.0
    assert interval.low == pytest.approx(100.0 - mirrored.high, abs=1e-9)
    assert wilson(successes, n, 0.99).high >= interval.high


def test_wilson_covers_a_true_share_as_often_as_it_says() -> None:
    """Exactly, from the binomial distribution: 3 % of 1,000 segments, the case of the documentation."""
    n, p = 1000, 0.03
    covered = sum(
        comb(n, k) * p**k * (1 - p) ** (n - k)
        for k in range(100)
        if wilson(k, n).low <= 100 * p <= wilson(k, n).high
    )
    assert 0.94 < covered < 0.97


@pytest.mark.parametrize(("successes", "n"), [(0, 0), (-1, 5), (6, 5)])
def test_what_is_no_share_is_an_error(successes: int, n: int) -> None:
    with pytest.raises(ValueError, match=f"{successes} of {n} is no share"):
        wilson(successes, n)


@pytest.mark.parametrize("confidence", [0.0, 1.0, 95.0])
def test_a_confidence_is_between_0_and_1(confidence: float) -> None:
    with pytest.raises(ValueError, match=r"95 % is 0\.95"):
        wilson(1, 2, confidence)
    with pytest.raises(ValueError, match=r"95 % is 0\.95"):
        bootstrap([1.0], confidence=confidence)


def test_the_bootstrap_of_a_mean_is_near_the_normal_interval() -> None:
    draw = random.Random(3)
    values = [draw.gauss(10, 2) for _ in range(400)]
    interval = bootstrap(values)
    half = 1.96 * stdev(values) / 400**0.5
    assert interval.low == pytest.approx(fmean(values) - half, abs=0.06)
    assert interval.high == pytest.approx(fmean(values) + half, abs=0.06)


def test_the_bootstrap_of_shares_is_near_wilsons() -> None:
    by_bootstrap, by_formula = bootstrap([100.0] * 300 + [0.0] * 700, resamples=2000), wilson(300, 1000)
    assert by_bootstrap.low == pytest.approx(by_formula.low, abs=0.4)
    assert by_bootstrap.high == pytest.approx(by_formula.high, abs=0.4)


def test_the_bootstrap_takes_any_statistic_and_repeats_itself() -> None:
    values = [float(n) for n in range(101)]
    assert bootstrap(values, np.median) == bootstrap(values, np.median)
    assert bootstrap(values, np.median) != bootstrap(values, np.median, seed=1)
    assert bootstrap(values, np.median).low < 50 < bootstrap(values, np.median).high
    assert bootstrap([7.0] * 5) == Interval(7.0, 7.0)


def test_no_values_is_an_error() -> None:
    with pytest.raises(ValueError, match="no interval from 0 values"):
        bootstrap([])
