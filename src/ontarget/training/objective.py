"""The loss of both stages: likelihood and unlikelihood are one line over signed weights."""

from torch import Tensor
from torch.nn.functional import softplus


def signed_loss(log_odds: Tensor, weights: Tensor) -> Tensor:
    """Likelihood where the weight is positive, unlikelihood where it is negative.

    loss_t = |w_t| * softplus(-sign(w_t) * d_t): -log p where w > 0, -log(1 - p) where w < 0 (Zan et al. 2025,
    the MLE and UL terms, in a form that is exact and has a gradient for every d).

    Args:
        log_odds: d, [tokens], fp32, nats. log p/(1-p) of each label.
        weights: w, [tokens], already normalised over the global batch. 0 leaves a token out.
    Returns:
        The summed loss (nats): losses of micro-batches and processes add up.
    Raises:
        ValueError: the shapes differ (both are printed).
    """
    if log_odds.shape != weights.shape:
        raise ValueError(
            f"log_odds and weights differ in shape: {list(log_odds.shape)}, {list(weights.shape)}"
        )
    return (weights.abs() * softplus(-weights.sign() * log_odds)).sum()
