"""Signed weights of tokens, normalized once over the global batch, so that the losses of its parts add up."""

from collections.abc import Sequence
from typing import Literal

from ontarget.training.data.encode import Encoded


def signed_weights(
    batch: Sequence[Encoded], alpha: float, normalization: Literal["token", "sequence"]
) -> list[list[float]]:
    """The weight of each response token in a global batch (Zan et al. 2025: MLE + alpha * UL).

    The two signs are normalized separately. With the shares s of tokens (1 if all count equally), and the
    sums N+ and N- of shares of each sign over all micro-batches and processes:
        token: s/N+ and -alpha*s/N-, the mean over tokens, weighted by their shares.
        sequence: s/(S+ * n) and -alpha*s/(S- * n), where n is the sum of the sample's shares, and S the
            number of samples of its sign: the paper's mean over sequences of the mean over tokens.
    So shares determine the relative weights of tokens, and alpha alone determines the weight of a sign.

    Args:
        batch: the global batch.
        alpha: strength of unlikelihood relative to likelihood.
        normalization: mean over tokens or over sequences.
    Returns:
        w, [samples][response tokens]. Positive weights sum to 1, and negative ones to -alpha, if there are
        any.
    """
    shares = {sign: sum(sum(e.shares) for e in batch if e.sign == sign) for sign in (1, -1)}
    samples = {sign: sum(e.sign == sign for e in batch) for sign in (1, -1)}
    weights = []
    for encoded in batch:
        strength = 1.0 if encoded.sign > 0 else -alpha
        if normalization == "token":
            strength /= shares[encoded.sign]
        else:
            strength /= samples[encoded.sign] * sum(encoded.shares)
        weights.append([strength * share for share in encoded.shares])
    return weights
