"""How tokens share the weight of a response."""

import pytest

from ontarget.samples.weighting import ALL, Weighting


@pytest.mark.parametrize(
    ("weighting", "shares"),
    [
        (Weighting("first"), [1, 0, 0, 0]),
        (Weighting("first-k", k=1), [1, 0, 0, 0]),
        (Weighting("first-k", k=3), [1, 1, 1, 0]),
        (Weighting("decay", gamma=0.5), [1, 0.5, 0.25, 0.125]),
        (Weighting("decay", gamma=0.1), [1, 0.1, 0.01, 0]),  # less than a hundredth is nothing
    ],
)
def test_tokens_share_by_their_number(weighting: Weighting, shares: list[float]) -> None:
    assert [weighting.share(number) for number in range(4)] == pytest.approx(shares)


def test_what_is_not_said_is_every_token() -> None:
    assert Weighting() == ALL == Weighting("all")
