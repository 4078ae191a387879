"""Signed weights, normalised once over the whole global batch: losses of its parts then simply add up."""

from collections.abc import Sequence
from typing import Literal

from ontarget.training.data.encode import Encoded


def signed_weights(
    batch: Sequence[Encoded], alpha: float, normalization: Literal["token", "sequence"]
) -> list[list[float]]:
    """Weight of each response token of each sample of one global batch (Zan et al. 2025: MLE + alpha * UL).

    The two signs are counted apart. With s the shares of tokens, 1 each where all of them count alike, N+ and
    N- the sums of the shares under each sign, over all micro-batches and processes:
        token: s/N+ and -alpha*s/N-: the mean over tokens, by their shares.
        sequence: s/(S+ * n) and -alpha*s/(S- * n), n the sum of the sample's own shares, S its sign's
            samples: the paper's mean over sequences of the mean over tokens.
    So shares say how tokens stand to each other; how strongly a sign counts, alpha alone says.

    Returns:
        w, [samples][response tokens]; positive weights sum to 1 and negative ones to -alpha, where there are
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
