"""Layers of the LLaMA family for decoding, with fewer and larger operations than those of Transformers.

For a token of one row, the many small operations of a layer take about as long as its matrix products. Here
queries, keys and values are one product, so are gate and up projection, and heads of queries and keys are
rotated together. The result is the same up to rounding.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import layer_norm
from transformers import Cache, PreTrainedModel

from ontarget.translation.engines.grouped_attention import attend

_FAMILIES = ("llama", "mistral", "qwen2", "qwen3")
_KINDS = {
    (f"transformers.models.{name}.modeling_{name}", f"{name.title()}DecoderLayer") for name in _FAMILIES
}


def join_layers(model: PreTrainedModel) -> None:
    """Replaces the layers of a LLaMA, Mistral, Qwen2 or Qwen3 that decodes on a CPU.

    Other models stay as they are, also those of code from elsewhere, which may give its layers the same
    names, models with adapters or quantised weights, and models that do not use PyTorch's attention.
    """
    inner: Any = getattr(model, "model", None)
    layers = getattr(inner, "layers", ())
    ours = model.device.type == "cpu" and model.config._attn_implementation == "sdpa"
    if not (ours and layers and all(map(_fits, layers))):
        return
    inner.rotary_emb = SignedRotations(inner.rotary_emb)
    for place, layer in enumerate(layers):
        layers[place] = JoinedLayer(layer)


def _fits(layer: nn.Module) -> bool:
    kind = type(layer)
    parts = (part for part in layer.modules() if next(part.parameters(recurse=False), None) is not None)
    plain = (type(part) is nn.Linear or type(part).__name__.endswith("RMSNorm") for part in parts)
    return (kind.__module__, kind.__name__) in _KINDS and all(plain)


class SignedRotations(nn.Module):
    """Rotary positions in the form that `JoinedLayer` takes, for all layers of a step.

    Args:
        rotations: the model's module for rotary positions.
    """

    def __init__(self, rotations: nn.Module) -> None:
        super().__init__()
        self._rotations = rotations

    def forward(self, values: Tensor, position_ids: Tensor) -> tuple[Tensor, Tensor]:
        """Cosines and sines, [rows, 1, tokens, size], those of the first half with the opposite sign."""
        cosines, sines = self._rotations(values, position_ids)
        first, second = sines.chunk(2, dim=-1)
        return cosines[:, None], torch.cat([-first, second], dim=-1)[:, None]


class JoinedNorm(nn.Module):
    """An RMS norm by PyTorch's kernel for layer norms, in place of six operations.

    The layer norm of [x, -x] begins with the RMS norm of x: the mean is 0, the variance the mean of squares.
    """

    def __init__(self, norm: Any) -> None:
        super().__init__()
        self._epsilon: float = norm.variance_epsilon
        self._weight = torch.cat([norm.weight.detach()] * 2)

    def forward(self, values: Tensor) -> Tensor:
        """A tensor like `values`, [..., features]."""
        both = layer_norm(
            torch.cat([values, -values], dim=-1), self._weight.shape, self._weight, eps=self._epsilon
        )
        return both[..., : values.shape[-1]]


class JoinedLayer(nn.Module):
    """A layer of a model, with the same weights.

    Args:
        layer: of Transformers.
    """

    def __init__(self, layer: Any) -> None:
        super().__init__()
        attention, mlp = layer.self_attn, layer.mlp
        self._place, self._size, self._scale = attention.layer_idx, attention.head_dim, attention.scaling
        self._groups = attention.k_proj.out_features // self._size
        self.before, self.between = map(JoinedNorm, (layer.input_layernorm, layer.post_attention_layernorm))
        self.queries_keys_values = _joined(attention.q_proj, attention.k_proj, attention.v_proj)
        self.query_norm, self.key_norm = (getattr(attention, name, None) for name in ("q_norm", "k_norm"))
        self.attended = attention.o_proj
        self.gate_and_up = _joined(mlp.gate_proj, mlp.up_proj)
        self.activation, self.down = mlp.act_fn, mlp.down_proj

    def forward(
        self,
        hidden_states: Tensor,
        attention_mask: Tensor,
        position_embeddings: tuple[Tensor, Tensor],
        past_key_values: Cache,
        **others: object,
    ) -> Tensor:
        """As Transformers' layers.

        Args:
            hidden_states: [rows, tokens, features].
            attention_mask: added to the scores, [rows, 1, tokens, keys].
            position_embeddings: by `SignedRotations`.
            past_key_values: keys and values of earlier tokens, to which those of these tokens are added.
            others: further arguments of Transformers, which these layers do not need.
        Returns:
            A tensor like `hidden_states`.
        """
        states = self.queries_keys_values(self.before(hidden_states))
        states = states.view(*states.shape[:2], -1, self._size).transpose(1, 2)
        turned, values = states[:, : -self._groups], states[:, -self._groups :]
        if self.query_norm is not None and self.key_norm is not None:
            queries, keys = turned[:, : -self._groups], turned[:, -self._groups :]
            turned = torch.cat([self.query_norm(queries), self.key_norm(keys)], dim=1)
        cosines, sines = position_embeddings
        turned = torch.addcmul(turned * cosines, turned.roll(self._size // 2, -1), sines)
        keys, values = past_key_values.update(turned[:, -self._groups :], values, self._place)
        found = attend(turned[:, : -self._groups], keys, values, attention_mask, self._scale)
        hidden_states = hidden_states + self.attended(found.flatten(2))
        gate, up = self.gate_and_up(self.between(hidden_states)).chunk(2, dim=-1)
        return hidden_states.add_(self.down(self.activation(gate).mul_(up)))


def _joined(*layers: nn.Linear) -> nn.Linear:
    """One linear layer with the outputs of several, one behind the other."""
    first = layers[0]
    with torch.device("meta"):
        joined = nn.Linear(
            first.in_features, sum(layer.out_features for layer in layers), first.bias is not None
        )
    joined.weight = nn.Parameter(torch.cat([layer.weight for layer in layers]), requires_grad=False)
    if first.bias is not None:
        joined.bias = nn.Parameter(torch.cat([layer.bias for layer in layers]), requires_grad=False)
    return joined
