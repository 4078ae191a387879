"""The output layer of a model during training: it returns a loss or log-odds in place of logits.

Only hidden states whose labels count reach it, and the logits of a whole batch are never in memory.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, Self

import torch
from torch import Tensor, nn

from ontarget.errors import UserError
from ontarget.training.loss.linear_loss import linear_signed_loss
from ontarget.training.loss.log_odds import linear_log_odds

# Keys of a model's config for the soft cap of its logits.
_SOFT_CAPS = ("final_logit_softcapping", "logits_soft_cap", "output_logit_soft_cap")
_ROUND = 64  # positions that reach the head are padded to a multiple, see batches.ROUND
_NO_CAP = 2.0**40  # tanh(d / cap) * cap is d itself, and models that divide by their cap cannot take None


class _Wanted(NamedTuple):
    """What a forward pass computes.

    Attributes:
        shape: that of ids, [samples, tokens].
        positions: places of the labels that count, [counted], in the flattened ids.
        labels: [counted].
        weights: [counted], for the signed loss; None: log-odds are returned.
        q: the bound of unlikelihood.
    """

    shape: torch.Size
    positions: Tensor
    labels: Tensor
    weights: Tensor | None = None
    q: float = 0.0


class LogOddsHead(nn.Linear):
    """Replaces a model's output layer, with the same parameters.

    Tied embeddings stay tied, checkpoints keep their keys, and FSDP2 and ZeRO-3 gather its parameters as for
    any module. Outside of `log_odds_at` and `loss_at` it is the linear layer that it replaces, so
    evaluation and generation are unchanged.

    Changes that the model makes to its logits after the output layer must be part of the log-odds. A soft cap
    is applied here, and disabled in the config meanwhile. `examine` finds a factor (Cohere, Granite), and
    what is returned is divided by it in advance.

    Attributes:
        softcap: the model's soft cap, in logits.
        scale: the factor by which the model multiplies its logits; None before `examine`.
        log_odds: d, [counted], of the latest loss, without a gradient.
        adds_gradients: whether the weight's gradient is added in place, without autograd and its hooks.
    """

    def __init__(self, linear: nn.Linear, config: Any) -> None:
        """Makes a head.

        Args:
            linear: the layer to replace.
            config: the config of the model's text part.
        """
        super().__init__(linear.in_features, linear.out_features, linear.bias is not None, device="meta")
        self.weight, self.bias = linear.weight, linear.bias
        self.train(linear.training)
        self._config = config
        self._cap_key = next((key for key in _SOFT_CAPS if getattr(config, key, None)), None)
        self.softcap: float | None = getattr(config, self._cap_key) if self._cap_key else None
        self.scale: float | None = None
        self.adds_gradients = False
        self.log_odds = torch.empty(0)
        self._wanted: _Wanted | None = None
        self._given: Tensor | None = None

    @classmethod
    def install(cls, model: Any) -> Self:
        """Puts a head into a causal language model of Transformers, or returns the existing one.

        Call it after adding LoRA, but before wrapping the model for several processes.

        Raises:
            UserError: the output layer is not a plain linear one.
        """
        head = model.get_output_embeddings()
        if hasattr(head, "modules_to_save"):  # LoRA that trains a copy of the whole layer
            head = head.modules_to_save[head.active_adapter]
        if isinstance(head, cls):
            return head
        kind = type(head)
        if kind is not nn.Linear:
            raise UserError(
                f"the output layer of {_name(model)} is a {kind.__module__}.{kind.__name__} and not a plain "
                "linear one: leave it out of quantization and of the modules that LoRA adapts"
            )
        ours = cls(head, model.config.get_text_config())
        for module in model.modules():
            for name, child in list(module.named_children()):
                if child is head:
                    setattr(module, name, ours)
        return ours

    @contextmanager
    def log_odds_at(self, counts: Tensor, labels: Tensor) -> Iterator[None]:
        """Within this context, the model's forward pass returns d, [counted], fp32, as its `logits`.

        Args:
            counts: [samples, tokens], bool: whether a label counts.
            labels: [samples, tokens], int64: the token after each token.
        """
        positions = counts.flatten().nonzero().squeeze(1)
        with self._computing(_Wanted(counts.shape, positions, labels.flatten()[positions])):
            yield

    @contextmanager
    def loss_at(self, labels: Tensor, weights: Tensor, q: float = 0.0) -> Iterator[None]:
        """Within this context, the model's forward pass returns the signed loss, a scalar, as its `logits`.

        Its gradient is computed in the forward pass, see `linear_signed_loss`. Under `adds_gradients`, the
        backward pass must then begin at this loss with the gradient 1.

        Args:
            labels: [samples, tokens], int64: the token after each token.
            weights: [samples, tokens], as in `signed_loss`. 0 leaves a token out.
            q: the bound of unlikelihood, as in `signed_loss`.
        """
        weights = weights.flatten()
        positions = weights.nonzero().squeeze(1)
        wanted = _Wanted(labels.shape, positions, labels.flatten()[positions], weights[positions], q)
        with self._computing(wanted):
            yield

    def examine(self, model: Any, device: torch.device) -> None:
        """Determines, once, what the model does to its logits after the output layer.

        It passes known logits through two forward passes of two tokens, one with the soft cap and one
        without. Call it after the model has been wrapped.

        Args:
            model: the model inside of the wrapping.
            device: the device of its input.
        Raises:
            UserError: the model does something else than to scale and soft-cap its logits.
        """
        if self.scale is not None:
            return
        given = torch.linspace(-90, 90, 2 * self.out_features).view(1, 2, self.out_features)
        capped_output = self._behind_head(model, given, device)
        with self._uncapped():
            uncapped = self._behind_head(model, given, device)
        if uncapped.dtype.itemsize < 4:
            raise UserError(
                f"{_name(model)} rounds what it returns to {uncapped.dtype}, too coarse for log-odds: under "
                "FSDP2, set the output type of its mixed precision to fp32"
            )
        scale = 0.0
        if uncapped.shape == given.shape:
            scale = float((uncapped.double() * given).sum() / given.double().square().sum())
        expected = given * scale
        capped = self.softcap * torch.tanh(expected / self.softcap) if self.softcap else expected
        if not (scale and _equal(uncapped, expected) and _equal(capped_output, capped)):
            raise UserError(
                f"{_name(model)} changes its logits by more than a factor and a soft cap, so its loss would "
                "be wrong: this model cannot be tuned yet"
            )
        self.scale = scale

    @torch.compiler.disable  # type: ignore[untyped-decorator]
    def forward(self, hidden: Tensor) -> Tensor:
        """Log-odds or the loss within `log_odds_at` or `loss_at`, logits otherwise."""
        if self._given is not None:
            return self._given.to(hidden.device, copy=True)  # the model may write to it
        if self._wanted is None:
            return super().forward(hidden)
        shape, positions, labels, weights, q = self._wanted
        if hidden.shape[:-1] != shape or self.scale is None:
            raise ValueError(
                f"hidden states of {list(hidden.shape)} for labels of {list(shape)}, scale {self.scale}"
            )
        counted = len(positions)
        hidden = hidden.flatten(0, -2).index_select(0, _rounded_up(positions))
        labels = _rounded_up(labels)
        into = self.weight.grad if self.adds_gradients else None
        how = self.bias, self.softcap, self.scale, into
        if weights is None:
            found = linear_log_odds(hidden, self.weight, labels, *how)[:counted]
        else:
            weights = torch.cat([weights, weights.new_zeros(len(labels) - counted)])
            found, d = linear_signed_loss(hidden, self.weight, labels, weights, q, *how)
            self.log_odds = d[:counted]
        return found / self.scale  # the model will multiply by it

    def _behind_head(self, model: Any, given: Tensor, device: torch.device) -> Tensor:
        """The model's output for given logits, [1, 2, vocabulary]."""
        training, self._given = model.training, given
        try:
            with torch.no_grad():  # eval(): dropout would draw random numbers
                tokens = torch.zeros((1, 2), dtype=torch.long, device=device)
                logits: Tensor = model.eval()(input_ids=tokens, use_cache=False).logits
        finally:
            model.train(training)
            self._given = None
        return logits.cpu()

    @contextmanager
    def _computing(self, wanted: _Wanted) -> Iterator[None]:
        self._wanted = wanted
        try:
            with self._uncapped():
                yield
        finally:
            self._wanted = None

    @contextmanager
    def _uncapped(self) -> Iterator[None]:
        if self._cap_key is None:
            yield
            return
        setattr(self._config, self._cap_key, _NO_CAP)
        try:
            yield
        finally:
            setattr(self._config, self._cap_key, self.softcap)


def _rounded_up(values: Tensor) -> Tensor:
    """Pads to a multiple of `_ROUND` by repeating the last value."""
    return torch.cat([values, values[-1:].expand(-len(values) % _ROUND)])


def _equal(logits: Tensor, expected: Tensor) -> bool:
    return logits.shape == expected.shape and torch.allclose(logits.float(), expected, rtol=1e-4, atol=1e-4)


def _name(model: Any) -> str:
    return type(model.get_base_model() if hasattr(model, "get_base_model") else model).__name__
