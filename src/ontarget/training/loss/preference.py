"""Pairwise objectives: the same response after the right instruction and after a conflicting one.

In the papers, the two sequences of a pair share the prompt and differ in the response. Here they share the
response and differ in the prompt. A token with the same probability after both prompts has no effect. All
objectives are functions of the scores of the two sequences, which are functions of log-odds.
"""

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid, softplus

from ontarget.settings.objective import Objective
from ontarget.training.loss.objective import signed_loss


def pairwise_loss(
    objective: Objective, log_odds: Tensor, weights: Tensor, shares: Tensor, sequences: Tensor
) -> tuple[Tensor, Tensor]:
    """The likelihood of positively weighted tokens, and the objective of each pair.

    Args:
        objective: the objective and its parameters.
        log_odds: d, [tokens], nats. log p/(1-p) of each label.
        weights: w, [tokens], normalized over the global batch. The absolute weights of a twin sum to the
            weight of its pair.
        shares: [tokens], the share of each token in the score of its sequence.
        sequences: [tokens], int64: 2n for the first sequence of pair n, 2n + 1 for its twin, -1 outside of
            pairs.
    Returns:
        The two summed losses (nats). Losses of micro-batches and processes add up.
    """
    likelihood = signed_loss(log_odds, weights.clamp(min=0))
    inside = sequences >= 0
    chosen, rejected, strength = sequence_scores(
        objective, log_odds[inside], weights[inside], shares[inside], sequences[inside]
    )
    losses = pair_losses(objective, chosen, rejected)
    return likelihood, (strength * losses).sum().to(likelihood.dtype)


def sequence_scores(
    objective: Objective, log_odds: Tensor, weights: Tensor, shares: Tensor, sequences: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """The scores of both sequences of each pair, and the weight of the pair, [pairs], fp64.

    The score is the sum of log p = -softplus(-d) by shares. ORPO and SimPO use the mean, which does not grow
    with length. fp64 is needed because the odds of a mean close to 0 depend on its last digits.
    """
    count = 2 * (int(sequences.max()) // 2 + 1) if len(sequences) else 0

    def summed(values: Tensor) -> Tensor:
        return torch.zeros(count, dtype=torch.float64, device=values.device).index_add(
            0, sequences, values.double()
        )

    scores = summed(-shares * softplus(-log_odds.double()))
    if objective.name != "cpo":
        scores = scores / summed(shares)
    chosen, rejected = scores.view(-1, 2).unbind(1)
    return chosen, rejected, summed(-weights.clamp(max=0)).view(-1, 2)[:, 1]


def pair_losses(objective: Objective, chosen: Tensor, rejected: Tensor) -> Tensor:
    """The loss of each pair from the scores of its sequences, [pairs], nats.

    orpo: -log sigmoid(log odds(chosen) - log odds(rejected)), odds = p / (1 - p), p the geometric mean of
        the tokens' probabilities (Hong et al. 2024, arXiv 2403.07691, L_OR).
    cpo: -log sigmoid(beta * (chosen - rejected)) (Xu et al. 2024, arXiv 2401.08417, L_prefer).
    simpo: -log sigmoid(beta * (chosen - rejected) - margin) (Meng et al. 2024, arXiv 2405.14734, L_SimPO).
    """
    if objective.name == "orpo":
        return -logsigmoid(_log_odds_of(chosen) - _log_odds_of(rejected))
    return -logsigmoid(objective.beta * (chosen - rejected) - objective.margin)


def _log_odds_of(log_p: Tensor) -> Tensor:
    """Log p / (1 - p)."""
    return log_p - torch.log(-torch.expm1(log_p))
