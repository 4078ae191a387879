"""The signed loss of both stages: likelihood and unlikelihood as one function of signed weights."""

import torch
from torch import Tensor
from torch.nn.functional import softplus


def signed_loss(log_odds: Tensor, weights: Tensor, q: float = 0.0) -> Tensor:
    """Likelihood for tokens with a positive weight, unlikelihood for tokens with a negative weight.

    loss_t = |w_t| * softplus(-sign(w_t) * d_t). This is -log p for w > 0 and -log(1 - p) for w < 0: the MLE
    and UL terms of Zan et al. 2025, in a form that is exact and has a gradient for every d.

    A q above 0 bounds unlikelihood u = -log(1 - p): (1 - (1 - p)^q) / q = (1 - exp(-q u)) / q, at most 1/q,
    with the gradient p (1 - p)^q. It is p for q = 1, and u for q -> 0. This is the generalized cross-entropy
    L_q of Zhang and Sabuncu 2018 (arXiv 1805.07836) for the class "not this token".

    Args:
        log_odds: d, [tokens], fp32, nats. log p/(1-p) of each label.
        weights: w, [tokens], normalized over the global batch, for example 1 / (number of tokens of this
            sign). 0 leaves a token out.
        q: the bound, from 0 (unbounded) to 1.
    Returns:
        The summed loss (nats), a scalar. Losses of micro-batches and processes add up.
    Raises:
        ValueError: the shapes differ; the message has both.
    """
    if log_odds.shape != weights.shape:
        raise ValueError(
            f"log_odds and weights differ in shape: {list(log_odds.shape)}, {list(weights.shape)}"
        )
    losses = softplus(-weights.sign() * log_odds)
    if q:
        losses = torch.where(weights < 0, -torch.expm1(-q * losses) / q, losses)
    return (weights.abs() * losses).sum()
