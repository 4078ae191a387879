"""Checks whether an architecture can be tuned and decoded, from its config alone.

Packed training rows and beam search (translation/engines/tree.py) control attention by `position_ids` and a
four-dimensional attention mask. A model that keeps a state instead of keys and values, or that counts
positions by itself, would ignore them, and silently give wrong results.
"""

import inspect
from typing import Any

from transformers import MODEL_FOR_CAUSAL_LM_MAPPING, MODEL_FOR_MASKED_LM_MAPPING
from transformers import MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING as ENCODER_DECODERS

from ontarget.checkpoints.context import sight_of
from ontarget.errors import UserError

_NEEDED = ("attention_mask", "position_ids", "past_key_values", "logits_to_keep")
_WORKS = "use a decoder-only model with attention, such as Llama, Qwen, Gemma or Mistral"


def check_architecture(config: Any, where: str) -> None:
    """Refuses an architecture that cannot be tuned or decoded.

    Args:
        config: a configuration of Transformers.
        where: the model, as the user named it.
    Raises:
        UserError: the architecture is not an attention decoder that takes `position_ids`.
    """
    if reason := _unfit(config):
        raise UserError(f"'{where}' is {_named(config)}, {reason}; {_WORKS}")
    try:
        sight_of(config)
    except UserError as error:
        raise UserError(f"'{where}': {error}") from None


def _unfit(config: Any) -> str:
    """The reason why a model with this config cannot be tuned or decoded; empty if it can."""
    kind, text = type(config), config.get_text_config(decoder=True)
    if getattr(config, "is_encoder_decoder", False) or kind in ENCODER_DECODERS:
        return "an encoder-decoder, which ontarget cannot tune or decode"
    if kind in MODEL_FOR_MASKED_LM_MAPPING:
        return "a masked language model, which does not generate text from left to right"
    model = MODEL_FOR_CAUSAL_LM_MAPPING.get(kind, None)
    if model is None:
        # Code that comes with the model is not loaded yet.
        return "" if getattr(config, "auto_map", None) else "which is not a causal language model"
    model = model[0] if isinstance(model, tuple) else model
    if getattr(model, "_is_stateful", False):
        return "which has recurrent layers (a state in place of keys and values); ontarget cannot decode it"
    if getattr(text, "alibi", False):
        return "whose attention counts positions by itself (ALiBi); ontarget cannot decode it"
    takes = inspect.signature(model.forward).parameters
    if missing := [name for name in _NEEDED if name not in takes]:
        alibi = " (ALiBi)" if config.model_type in ("bloom", "mpt") else ""
        return f"which cannot be given {' and '.join(missing)}{alibi}; ontarget cannot decode it"
    return ""


def _named(config: Any) -> str:
    """The architecture as its config names it: `a MambaForCausalLM`."""
    named = getattr(config, "architectures", None) or [f"model of the type '{config.model_type}'"]
    return f"{'an' if str(named[0])[:1] in 'AEIOU' else 'a'} {named[0]}"
