"""Tunes a model: samples become tokens with signed weights, and one loss serves both stages of the paper.

Begin with `stage.py`, which runs a whole stage (load, tune, save), then `trainer.py`, the one subclass of
`transformers.Trainer`. `data/` turns samples into batches, `loss/` has the objectives, `distributed/` holds a
model in several processes, and `cpu/` and `gpu/` have what makes training fast.

For a training loop of your own, the package exports the loss: `linear_log_odds` makes log-odds from hidden
states, `log_odds` makes them from logits, and `signed_loss` turns them into likelihood and unlikelihood.

    >>> import torch
    >>> from ontarget.training import log_odds, signed_loss
    >>> logits, labels = torch.zeros(2, 4), torch.tensor([1, 3])
    >>> weights = torch.tensor([0.5, -0.5])  # learn the first label, unlearn the second
    >>> signed_loss(log_odds(logits, labels), weights)  # -log(1/4) / 2 - log(3/4) / 2
    tensor(0.8370)

The names are imported on first use, so importing the package loads no model library.
"""

from typing import TYPE_CHECKING

from ontarget.lazy_names import lazy_names

if TYPE_CHECKING:
    from ontarget.training.loss.log_odds import linear_log_odds, log_odds
    from ontarget.training.loss.objective import signed_loss

_MODULES = {
    "linear_log_odds": "ontarget.training.loss.log_odds",
    "log_odds": "ontarget.training.loss.log_odds",
    "signed_loss": "ontarget.training.loss.objective",
}

__all__ = ["linear_log_odds", "log_odds", "signed_loss"]

__getattr__, __dir__ = lazy_names(__name__, _MODULES)
