"""Signed weights, normalised once over the whole global batch: losses of its parts then simply add up."""

from collections.abc import Sequence
from typing import Literal

from ontarget.training.encode import Encoded


def signed_weights(
    batch: Sequence[Encoded], alpha: float, normalisation: Literal["token", "sequence"]
) -> list[list[float]]:
    """Weight of each response token of each sample of one global batch (Zan et al. 2025: MLE + alpha * UL).

    The two signs are counted apart. With N+ and N- the tokens that bear weight under each sign, over all
    micro-batches and processes:
        token: +1/N+ and -alpha/N-: every token counts the same.
        sequence: +1/(S+ * n) and -alpha/(S- * n), n the sample's own tokens, S its sign's samples: the
            paper's mean over sequences of the mean over tokens.

    Returns:
        w, [samples][response tokens]; positive weights sum to 1 and negative ones to -alpha, where there are
        any.
    """
    tokens = {sign: sum(sum(e.bears_weight) for e in batch if e.sign == sign) for sign in (1, -1)}
    samples = {sign: sum(e.sign == sign for e in batch) for sign in (1, -1)}
    weights = []
    for encoded in batch:
        strength = 1.0 if encoded.sign > 0 else -alpha
        if normalisation == "token":
            share = strength / tokens[encoded.sign]
        else:
            share = strength / (samples[encoded.sign] * sum(encoded.bears_weight))
        weights.append([share * bears for bears in encoded.bears_weight])
    return weights
