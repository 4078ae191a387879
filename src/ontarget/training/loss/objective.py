"""The loss of both stages: likelihood and unlikelihood are one line over signed weights."""

import torch
from torch import Tensor
from torch.nn.functional import softplus


def signed_loss(log_odds: Tensor, weights: Tensor, q: float = 0.0) -> Tensor:
    """Likelihood where the weight is positive, unlikelihood where it is negative.

    loss_t = |w_t| * softplus(-sign(w_t) * d_t): -log p where w > 0, -log(1 - p) where w < 0 (Zan et al. 2025,
    the MLE and UL terms, in a form that is exact and has a gradient for every d).

    With a q, unlikelihood u = -log(1 - p) is bounded: (1 - (1 - p)^q) / q = (1 - exp(-q u)) / q, which is at
    most 1/q, with the gradient p (1 - p)^q; it is p for q = 1, and u as q -> 0. This is the generalised
    cross-entropy of Zhang and Sabuncu 2018 (arXiv 1805.07836, L_q) of "not this token".

    Args:
        log_odds: d, [tokens], fp32, nats. log p/(1-p) of each label.
        weights: w, [tokens], already normalised over the global batch. 0 leaves a token out.
        q: of the bound, from 0 (none) to 1.
    Returns:
        The summed loss (nats): losses of micro-batches and processes add up.
    Raises:
        ValueError: the shapes differ (both are printed).
    """
    if log_odds.shape != weights.shape:
        raise ValueError(
            f"log_odds and weights differ in shape: {list(log_odds.shape)}, {list(weights.shape)}"
        )
    losses = softplus(-weights.sign() * log_odds)
    if q:
        losses = torch.where(weights < 0, -torch.expm1(-q * losses) / q, losses)
    return (weights.abs() * losses).sum()
