"""sacreBLEU's formulas, vectorised over many sums: a paired test needs tens of thousands of scores.

Printed scores come from sacreBLEU itself; a test compares the two. Each function takes sums of the metric's
statistics, [..., k], and gives scores, [...], from 0 to 100.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_BETA_SQUARED = 4.0  # chrF2: recall weighs twice as much as precision


def bleu_values(total: Floats, effective_order: bool = False) -> Floats:
    """BLEU of order 4 with exponential smoothing.

    Papineni et al. 2002; the n-th order without a match counts as 1 / 2^n matches (Chen & Cherry 2014,
    method 3).

    Args:
        total: words of hypothesis and reference, matches of each order, n-grams of each order.
        effective_order: ignores orders for which a hypothesis is too short, as in sentence BLEU; otherwise
            the score is then 0.
    """
    length, of_reference = total[..., 0], total[..., 1]
    matches, ngrams = total[..., 2:6], total[..., 6:10]
    halves = 0.5 ** np.cumsum(matches == 0, axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        precisions = np.where(matches > 0, matches, halves) / ngrams
        brevity = np.exp(np.minimum(0.0, 1.0 - of_reference / length))
        logs = np.where(ngrams > 0, np.log(precisions), 0.0)
        values = 100.0 * brevity * np.exp(logs.sum(axis=-1) / (ngrams > 0).sum(axis=-1))
    defined = (matches > 0).any(axis=-1) & (effective_order | (ngrams > 0).all(axis=-1))
    return np.where(defined, values, 0.0)


def chrf_values(total: Floats) -> Floats:
    """chrF2 and chrF2++.

    Popović 2015, 2017: precision and recall are means over the orders for which both texts are long enough.

    Args:
        total: for each order, n-grams of the hypothesis, of the reference, and matches.
    """
    of_hypothesis, of_reference, matches = (total[..., place::3] for place in range(3))
    used = (of_hypothesis > 0) & (of_reference > 0)
    orders = np.maximum(used.sum(axis=-1), 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        precision = np.where(used, matches / of_hypothesis, 0.0).sum(axis=-1) / orders
        recall = np.where(used, matches / of_reference, 0.0).sum(axis=-1) / orders
        values = 100.0 * (1 + _BETA_SQUARED) * precision * recall / (_BETA_SQUARED * precision + recall)
    return np.where(precision + recall > 0, values, 0.0)


def ter_values(total: Floats) -> Floats:
    """TER (Snover et al. 2006); above 100 if there are more edits than words.

    Args:
        total: edits, words of the reference.
    """
    edits, words = total[..., 0], total[..., 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(words > 0, 100.0 * edits / words, 100.0 * (edits > 0))
