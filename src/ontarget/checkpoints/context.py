"""How far a model sees, by its config: where its positions end, and how many tokens its layers look back."""

import inspect
from dataclasses import dataclass
from typing import Any

from ontarget.errors import UserError

FULL, SLIDING = "full_attention", "sliding_attention"


@dataclass(frozen=True, slots=True)
class ContextWindow:
    """How many tokens a model takes, prompt and answer together.

    Attributes:
        tokens: its `max_position_embeddings`; None where the config names none, or positions have no end.
        ends: whether the model cannot go on after them. Positions that are scaled (YaRN and the like) can.
    """

    tokens: int | None
    ends: bool

    @property
    def limit(self) -> int | None:
        """The tokens that prompt and answer must not exceed; None where there is no such limit."""
        return self.tokens if self.ends else None

    def room(self, prompt: int, max_new_tokens: int) -> int:
        """How many tokens may follow a prompt of that many tokens; 0 or less: it does not fit."""
        return max_new_tokens if self.limit is None else min(max_new_tokens, self.limit - prompt)


@dataclass(frozen=True, slots=True)
class Sight:
    """How far back the layers of a model look.

    Attributes:
        window: tokens that a sliding layer sees, the newest included; None: no layer slides.
        by_layer: whether the model asks for one mask for its sliding layers and another for the others.
    """

    window: int | None
    by_layer: bool


def context_of(config: Any) -> ContextWindow:
    """The context of a model with this config, of transformers.

    GPT-2's positions are a table, and LLaMA has learnt nothing of those after its last one. Where the config
    scales rotary positions, what it names is a recommendation.
    """
    text = config.get_text_config(decoder=True)
    tokens = getattr(text, "max_position_embeddings", None)
    if not isinstance(tokens, int) or tokens < 1 or getattr(text, "alibi", False):
        return ContextWindow(None, ends=False)
    rotary = getattr(text, "rope_parameters", None) or {}
    each = [rotary, *(value for value in rotary.values() if isinstance(value, dict))]  # or one for each kind
    return ContextWindow(tokens, ends=all(one.get("rope_type", "default") == "default" for one in each))


def sight_of(config: Any) -> Sight:
    """How a model with this config, of transformers, looks back.

    Raises:
        UserError: it has layers that are neither full nor sliding attention, or a window without a token.
    """
    text = config.get_text_config(decoder=True)
    # Keys of a config.json that the model does not read, such as Mistral's layer types or LLaMA's window.
    read = inspect.signature(type(text)).parameters
    kinds = set(("layer_types" in read and getattr(text, "layer_types", None)) or ())
    if unknown := kinds - {FULL, SLIDING}:
        raise UserError(
            f"models of type '{text.model_type}' have layers of the kind {', '.join(sorted(unknown))}; "
            "ontarget decodes models with full and sliding attention only"
        )
    if text.model_type == "gpt_neo":  # whose layers have a mask of their own
        raise UserError(
            "models of type 'gpt_neo' mask attention by columns, not positions; ontarget cannot decode them"
        )
    if not kinds and getattr(text, "attention_chunk_size", None) is not None:
        raise UserError(
            f"models of type '{text.model_type}' have chunked attention; "
            "ontarget decodes models with full and sliding attention only"
        )
    slides = SLIDING in kinds or (not kinds and "sliding_window" in read)
    window = getattr(text, "sliding_window", None) if slides else None
    if window is not None and window < 1:
        raise UserError(
            f"sliding_window is {window} in its config.json: set it to a number of tokens, or to null where "
            "no layer slides"
        )
    return Sight(window, by_layer=window is not None and SLIDING in kinds)
