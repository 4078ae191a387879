from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontarget.scoring.interval import wilson


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
    with pytest.raises(ValueError, match=f"{successes} of {n} is not a share"):
        wilson(successes, n)


@pytest.mark.parametrize("confidence", [0.0, 1.0, 95.0])
def test_a_confidence_is_between_0_and_1(confidence: float) -> None:
    with pytest.raises(ValueError, match=r"95 % is 0\.95"):
        wilson(1, 2, confidence)
