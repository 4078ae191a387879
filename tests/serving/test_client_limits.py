from collections.abc import Sequence
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ontarget.serving.client_limits import Client, ClientLimits
from ontarget.serving.failure import Failure, client_left


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def limits(
    requests: int | None = None, characters: int | None = None, total: int | None = None
) -> ClientLimits:
    given = {"requests-per-minute": requests, "characters-per-minute": characters, "character-limit": total}
    return ClientLimits.model_validate(given)


def spend(client: Client, characters: int) -> None:
    with client.spending(characters):
        pass


def seconds_to_wait(client: Client, characters: int) -> int | None:
    """None if no waiting helps; takes nothing."""
    with suppress(ZeroDivisionError):
        try:
            with client.spending(characters):
                raise ZeroDivisionError
        except Failure as failure:
            return int(failure.headers["Retry-After"]) if failure.status == 429 else None
    return 0


def test_a_minute_of_requests_may_come_at_once_and_then_one_at_a_time() -> None:
    clock = Clock()
    client = Client("one", limits(requests=6), clock)
    for _ in range(6):
        client.count_request()
    with pytest.raises(Failure) as caught:
        client.count_request()
    assert (caught.value.status, caught.value.headers) == (429, {"Retry-After": "10"})
    clock.now += 9.5
    with pytest.raises(Failure) as caught:
        client.count_request()
    assert caught.value.headers == {"Retry-After": "1"}
    clock.now += 0.5
    client.count_request()
    with pytest.raises(Failure):
        client.count_request()
    clock.now += 1e6  # no more than a minute's requests are saved up
    for _ in range(6):
        client.count_request()
    with pytest.raises(Failure):
        client.count_request()


@settings(deadline=None)
@given(
    st.integers(1, 50),
    st.lists(st.tuples(st.floats(0, 40), st.integers(0, 60)), max_size=60),
)
def test_no_window_has_more_than_its_share_and_waiting_as_told_helps(
    per_minute: int, arrivals: Sequence[tuple[float, int]]
) -> None:
    clock = Clock()
    client = Client("one", limits(characters=per_minute), clock)
    taken = list[tuple[float, int]]()
    for pause, amount in arrivals:
        clock.now += pause
        seconds = seconds_to_wait(client, amount)
        assert (seconds is None) == (amount > per_minute)
        if seconds is None:
            continue
        clock.now += seconds
        spend(client, amount)
        taken.append((clock.now, amount))
    for begin, _ in taken:
        for end, _ in taken:
            within = sum(amount for at, amount in taken if begin <= at <= end)
            if begin <= end:
                assert within <= per_minute * (1 + (end - begin) / 60) + 1e-6


def test_the_total_is_used_up_to_the_last_character() -> None:
    client = Client("one", limits(total=10))
    spend(client, 7)
    with pytest.raises(Failure) as caught:
        spend(client, 4)
    assert caught.value.status == 456
    assert "10 characters, 7 are used" in caught.value.message
    spend(client, 3)
    assert client.characters == 10
    with pytest.raises(Failure):
        spend(client, 1)


def test_what_is_being_translated_counts_and_a_failure_gives_it_back() -> None:
    client = Client("one", limits(characters=10, total=10), Clock())
    with suppress(KeyError), client.spending(10):
        with pytest.raises(Failure):
            spend(client, 1)
        raise KeyError
    assert client.characters == 0
    spend(client, 10)


def test_a_client_that_leaves_has_used_its_characters() -> None:
    client = Client("one", limits(characters=10, total=10), Clock())
    with suppress(Failure), client.spending(10):
        raise client_left()
    assert client.characters == 10
    other = Client("two")
    with suppress(Failure), other.spending(10):
        raise Failure(504, "timeout", "it took too long")
    assert other.characters == 0


def test_a_client_without_limits_is_counted() -> None:
    client = Client("")
    for _ in range(1000):
        client.count_request()
    spend(client, 10**9)
    assert client.characters == 10**9
