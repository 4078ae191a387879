"""The size of a model before it is loaded or made, by its configuration."""

import json
from dataclasses import dataclass, field, replace
from pathlib import Path

from ontarget.checkpoints.adapter import lineage
from ontarget.checkpoints.files import CONFIG
from ontarget.pipeline.planning.plan import Plan
from ontarget.recipes.schema.stages import Pretraining
from ontarget.settings.model_shape import ModelShape

_SAVED = {"fp32": 4, "bf16": 2, "fp16": 2}  # bytes of a weight
_NUMBER = 4  # bytes of a weight in fp32


@dataclass(frozen=True, slots=True)
class ModelSize:
    """The size of a model of the Llama architecture, or of one that is much like it.

    Attributes:
        layers: number of layers.
        hidden: width of the hidden states.
        heads: number of attention heads.
        keys: number of heads of keys and values.
        intermediate: width inside the feed-forward blocks.
        vocabulary: number of embeddings.
        saved: bytes of a weight on disk.
    """

    layers: int
    hidden: int
    heads: int
    keys: int
    intermediate: int
    vocabulary: int
    saved: int = field(default=_NUMBER, compare=False)  # it has no effect on speed, see `probe`

    @property
    def shape(self) -> str:
        """The numbers that decide the speed, such as `30x576x1536x9x3x49152`."""
        numbers = self.layers, self.hidden, self.intermediate, self.heads, self.keys, self.vocabulary
        return "x".join(map(str, numbers))

    @property
    def parameters(self) -> int:
        """The number of parameters, with tied embeddings and without norms, which are few."""
        attention = 2 * self.hidden**2 * (1 + self.keys / self.heads)
        return round(
            self.vocabulary * self.hidden + self.layers * (attention + 3 * self.hidden * self.intermediate)
        )


def size_in(plan: Plan, model: str) -> ModelSize | None:
    """The size of a model of a recipe, or of a stage; None if it is not on this machine."""
    stage = plan.recipe.stages.get(plan.recipe.stage_of(model) or "")
    if stage is not None:
        size = size_of(stage.model) if isinstance(stage, Pretraining) else size_in(plan, stage.start)
        saved = _SAVED.get(stage.tuning.save_precision)
        return replace(size, saved=saved) if size and saved else size
    if plan.recipe.on_server(model):
        return None
    place = lineage(plan.place(model))[-1]  # an adapter has the size of its base model
    return size_on_disk(place / CONFIG) if isinstance(place, Path) else None


def size_of(shape: ModelShape) -> ModelSize:
    """The size of a model that a recipe makes."""
    return ModelSize(
        shape.layers, shape.hidden, shape.heads, shape.heads, shape.intermediate, shape.vocabulary
    )


def size_on_disk(config: Path) -> ModelSize | None:
    """The size of a checkpoint by its `config.json`; None if that is missing, or unlike Llama's."""
    try:
        values = json.loads(config.read_text(encoding="utf-8"))
        size = ModelSize(
            layers=int(values["num_hidden_layers"]),
            hidden=int(values["hidden_size"]),
            heads=int(values["num_attention_heads"]),
            keys=int(values.get("num_key_value_heads") or values["num_attention_heads"]),
            intermediate=int(values["intermediate_size"]),
            vocabulary=int(values["vocab_size"]),
            saved=2 if values.get("dtype", values.get("torch_dtype")) in ("bfloat16", "float16") else _NUMBER,
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return size if min(size.layers, size.hidden, size.heads, size.keys) > 0 else None
