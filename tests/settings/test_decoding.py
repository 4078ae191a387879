import pytest

from ontarget.errors import UserError
from ontarget.settings.decoding import AntiLanguageModel, Boosting, Contrast, Decoding, Prior


@pytest.mark.parametrize("weights", [(0.9, 0.1), (0.5, 0.5), (-0.1, 0.1)])
def test_contrast_weights_that_make_the_end_unreachable_are_refused(weights: tuple[float, float]) -> None:
    with pytest.raises(UserError, match="less than 1"):
        Contrast(*weights)


def test_plausibility_is_a_share() -> None:
    with pytest.raises(UserError, match=r"between 0 and 1, not 1\.5"):
        Contrast(plausibility=1.5)


@pytest.mark.parametrize("numbers", [(0, 5), (4, 0), (4, 5, 1.0, 0)])
def test_a_search_keeps_something(numbers: tuple[int, ...]) -> None:
    with pytest.raises(UserError, match="at least 1"):
        Decoding(*numbers)


def test_at_least_one_token_is_contrasted() -> None:
    with pytest.raises(UserError, match="first_tokens must be at least 1, not 0"):
        Contrast(first_tokens=0)
    with pytest.raises(UserError, match="first_tokens must be at least 1, not 0"):
        Boosting(first_tokens=0)
    with pytest.raises(UserError, match="first_tokens must be at least 1, not 0"):
        Prior(first_tokens=0)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(UserError, match="a prior must not be negative, and is -1"):
        Prior(-1)
    with pytest.raises(UserError, match="boost must not be negative, and is -2"):
        Boosting(-2)
    with pytest.raises(UserError, match=r"unsure_below must be between 0 and 1, not 1\.5"):
        Boosting(unsure_below=1.5)
    with pytest.raises(UserError, match="decay must be at least 0 and below 1, not 1"):
        AntiLanguageModel(1)
