"""The context window of a model and the attention spans of its layers, from its config."""

import inspect
from dataclasses import dataclass
from typing import Any

from ontarget.errors import UserError

FULL, SLIDING = "full_attention", "sliding_attention"


@dataclass(frozen=True, slots=True)
class ContextWindow:
    """The number of tokens that a model takes, prompt and output together.

    Attributes:
        tokens: its `max_position_embeddings`; None if the config does not name it, or positions have no end.
        ends: whether the model cannot continue after them. Models with scaled positions (such as YaRN) can.
    """

    tokens: int | None
    ends: bool

    @property
    def limit(self) -> int | None:
        """Maximum number of tokens of prompt and output together; None if there is no limit."""
        return self.tokens if self.ends else None

    def room(self, prompt: int, max_new_tokens: int) -> int:
        """Maximum number of tokens after a prompt of this length; if below 1, the prompt does not fit."""
        return max_new_tokens if self.limit is None else min(max_new_tokens, self.limit - prompt)


@dataclass(frozen=True, slots=True)
class Sight:
    """How far back the layers of a model attend.

    Attributes:
        window: number of tokens that a sliding layer attends to, the newest included; None if no layer
            slides.
        by_layer: whether the model takes one mask for its sliding layers and another for the others.
    """

    window: int | None
    by_layer: bool


def context_of(config: Any) -> ContextWindow:
    """The context window of a model with this config of Transformers.

    It ends for learnt positions (GPT-2's are a table) and for plain rotary positions (LLaMA was not trained
    beyond them). For scaled rotary positions the number in the config is a recommendation.
    """
    text = config.get_text_config(decoder=True)
    tokens = getattr(text, "max_position_embeddings", None)
    if not isinstance(tokens, int) or tokens < 1 or getattr(text, "alibi", False):
        return ContextWindow(None, ends=False)
    rotary = getattr(text, "rope_parameters", None) or {}
    each = [rotary, *(value for value in rotary.values() if isinstance(value, dict))]  # or one for each kind
    return ContextWindow(tokens, ends=all(one.get("rope_type", "default") == "default" for one in each))


def sight_of(config: Any) -> Sight:
    """The attention spans of a model with this config of Transformers.

    Raises:
        UserError: a layer has neither full nor sliding attention, or the window has no tokens.
    """
    text = config.get_text_config(decoder=True)
    # Keys that the model does not read do not count, such as Mistral's layer types or LLaMA's window.
    read = inspect.signature(type(text)).parameters
    kinds = set(("layer_types" in read and getattr(text, "layer_types", None)) or ())
    if unknown := kinds - {FULL, SLIDING}:
        raise UserError(
            f"models of type '{text.model_type}' have layers of the kind {', '.join(sorted(unknown))}; "
            "ontarget decodes models with full and sliding attention only"
        )
    if text.model_type == "gpt_neo":  # its layers make a mask of their own
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
