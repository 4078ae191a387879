"""How a stage is optimised: the numbers of a recipe's `tuning` block.

No torch here: recipes are read without it.
"""

from typing import Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    model_validator,
)

KEPT = "step-{}"  # in the folder of a stage's model: the folder of the model of a step that is kept

Tracker = Literal["tensorboard", "trackio", "wandb"]


class Lora(BaseModel):
    """Low-rank adapters, tuned instead of the model's own weights (Hu et al. 2021, arXiv 2106.09685)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rank: PositiveInt = 16
    alpha: PositiveFloat = Field(32.0, description="what adapters add is scaled by alpha / rank")
    dropout: float = Field(0.0, ge=0, lt=1)
    targets: Literal["all-linear"] | tuple[str, ...] = Field(
        "all-linear", description="names of layers, or all of them but the head"
    )


class Tuning(BaseModel):
    """Optimiser settings of one stage.

    The defaults are the paper's stage 1 (Zan et al. 2025, section 4.1).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    learning_rate: PositiveFloat = 2e-5
    epochs: PositiveInt | None = Field(None, description="passes over the samples")
    steps: PositiveInt | None = Field(
        None, description="optimiser steps; the samples are gone through again as needed"
    )
    batch_samples: PositiveInt = Field(
        128, description="positive samples in one optimiser step, over all processes"
    )
    micro_batch_tokens: PositiveInt = Field(
        8192, description="padded tokens in one forward; does not change the result"
    )
    max_length: PositiveInt = Field(
        512, description="tokens of prompt and response together; a longer response is cut"
    )
    warmup_ratio: float = Field(0.03, ge=0, lt=1)
    schedule: Literal["cosine", "linear", "constant"] = "cosine"
    weight_decay: float = Field(0.0, ge=0)
    adam_beta2: float = Field(0.999, gt=0, lt=1, description="0.98 learns faster from random weights")
    max_grad_norm: PositiveFloat = 1.0
    normalisation: Literal["token", "sequence"] = Field("token", description="see training/data/weights.py")
    precision: Literal["auto", "bf16", "fp32"] = "auto"
    save_precision: Literal["auto", "fp32", "bf16", "fp16"] = Field(
        "auto",
        description="of the saved model; auto: that of the model the stage starts from",
        exclude_if=lambda precision: precision == "auto",  # older recipes lack it
    )
    lora: Lora | None = Field(None, description="adapters instead of the model's own weights")
    quantisation: Literal["4bit"] | None = Field(None, description="of what `lora` leaves alone: QLoRA")
    optimiser: Literal["adamw", "adamw-8bit"] = Field("adamw", description="its moments in fp32 or in 8 bits")
    freeze_embeddings: bool = Field(False, description="input embeddings and head stay as they are")
    gradient_checkpointing: bool = Field(False, description="less memory, a third more time, the same result")
    compile: bool = Field(False, description="by torch.compile; pays off in long stages")
    tracking: tuple[Tracker, ...] | None = Field(
        None, description="where the log goes as well, besides `log.jsonl`"
    )
    parallel: Literal["ddp", "fsdp", "zero3"] = Field(
        "ddp", description="how several processes hold the model: see training/distributed/parallel.py"
    )
    save_minutes: PositiveFloat = Field(5.0, description="a checkpoint to resume from at least this often")
    keep_steps: tuple[NonNegativeInt, ...] | None = Field(
        None, description="the model of these steps is kept, too, for a system's `step`"
    )

    @model_validator(mode="after")
    def _one_length(self) -> Self:
        if (self.epochs is None) == (self.steps is None):
            raise ValueError("give either `epochs` or `steps`")
        return self

    @model_validator(mode="after")
    def _keeps_what_it_takes(self) -> Self:
        if self.steps and self.keep_steps and max(self.keep_steps) > self.steps:
            raise ValueError(f"`keep_steps` has {max(self.keep_steps)}, but `steps` is {self.steps}")
        return self

    @model_validator(mode="after")
    def _quantised_weights_stay(self) -> Self:
        if self.quantisation and self.lora is None:
            raise ValueError("`quantisation` needs `lora`: weights of 4 bits cannot be tuned themselves")
        return self
