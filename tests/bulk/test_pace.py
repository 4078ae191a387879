import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontarget.bulk.pace import LARGEST, SMALLEST, Pace


def test_a_shard_takes_about_a_minute_at_any_speed() -> None:
    for speed in (5.0, 20.0, 100.0, 200.0):  # lines/s
        pace = Pace()
        for _ in range(5):
            pace.saw(pace.lines, pace.lines / speed)
        assert pace.lines == pytest.approx(60 * speed, abs=64)


def test_fast_and_slow_models_meet_the_limits() -> None:
    fast, slow = Pace(), Pace(LARGEST)
    for _ in range(5):
        fast.saw(fast.lines, 0.0)
        slow.saw(slow.lines, slow.lines * 10.0)
    assert (fast.lines, slow.lines) == (LARGEST, SMALLEST)


def test_one_quick_shard_does_not_make_a_shard_of_hours() -> None:
    pace = Pace()
    pace.saw(256, 1.0)
    assert pace.lines == 4 * SMALLEST


@given(st.integers(0, 10**6), st.integers(1, 10**5), st.floats(0, 1e6))
def test_the_size_is_in_its_range_and_fills_batches(start: int, lines: int, seconds: float) -> None:
    pace = Pace(start)
    pace.saw(lines, seconds)
    assert SMALLEST <= pace.lines <= LARGEST
    assert pace.lines % 64 == 0
