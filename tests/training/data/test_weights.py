import pytest

pytest.importorskip("torch")

from ontarget.training.data.encode import Encoded
from ontarget.training.data.weights import signed_weights


def encoded(sign, *shares):
    return Encoded([0] * (1 + len(shares)), 1, list(shares), sign)


BATCH = [encoded(1, 1, 1, 1), encoded(1, 1), encoded(-1, 0, 1), encoded(-1, 1, 1)]


def test_token_normalisation_counts_the_signs_apart():
    weights = signed_weights(BATCH, alpha=0.5, normalization="token")
    assert weights == [[0.25] * 3, [0.25], [0.0, -0.5 / 3], [-0.5 / 3] * 2]


def test_sequence_normalisation_is_the_papers_mean_of_means():
    weights = signed_weights(BATCH, alpha=0.5, normalization="sequence")
    assert weights == [[1 / 6] * 3, [1 / 2], [0.0, -0.25], [-0.125] * 2]


SHARED = [encoded(1, 1, 1), encoded(-1, 1, 0.5, 0.5), encoded(-1, 0, 0.5)]


def test_tokens_count_by_their_shares():
    by_token = signed_weights(SHARED, alpha=0.5, normalization="token")
    assert by_token[1:] == [[-0.2, -0.1, -0.1], [0.0, -0.1]]  # of 2.5 in all
    by_sequence = signed_weights(SHARED, alpha=0.5, normalization="sequence")
    assert by_sequence[1:] == [[-0.125, -0.0625, -0.0625], [0.0, -0.25]]  # each sample counts 0.25


@pytest.mark.parametrize("normalization", ["token", "sequence"])
def test_a_factor_of_all_shares_changes_nothing(normalization):
    halved = [encoded(e.sign, *(share / 2 for share in e.shares)) for e in SHARED]
    assert signed_weights(halved, 0.3, normalization) == signed_weights(SHARED, 0.3, normalization)


@pytest.mark.parametrize("normalization", ["token", "sequence"])
def test_each_sign_sums_to_its_strength(normalization):
    flat = [w for of_sample in signed_weights(BATCH, 0.3, normalization) for w in of_sample]
    assert sum(w for w in flat if w > 0) == pytest.approx(1.0)
    assert sum(w for w in flat if w < 0) == pytest.approx(-0.3)


def test_a_batch_of_one_sign():
    assert signed_weights([encoded(1, 1, 1)], 1.0, "token") == [[0.5, 0.5]]
