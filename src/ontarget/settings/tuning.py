"""Settings of the optimisation of one stage: the `tuning` block of a recipe."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveFloat, PositiveInt, model_validator

KEPT = "step-{}"
"""Folder of the model of one step, inside the folder of the stage's model."""

Tracker = Literal["tensorboard", "trackio", "wandb"]


class Lora(BaseModel):
    """Low-rank adapters, trained in place of the model's own weights (Hu et al. 2021, arXiv 2106.09685)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rank: PositiveInt = Field(16, description="rank of the adapters")
    alpha: PositiveFloat = Field(32.0, description="the adapters' output is scaled by alpha / rank")
    dropout: float = Field(0.0, ge=0, lt=1, description="dropout of the adapters")
    target_modules: Literal["all-linear"] | tuple[str, ...] = Field(
        "all-linear",
        description="layers to adapt: `all-linear` for all linear layers except the head, or a list of "
        "names such as `[q_proj, v_proj]`",
    )


class Tuning(BaseModel):
    """Optimiser settings of one stage.

    The defaults are the paper's stage 1 (Zan et al. 2025, section 4.1).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    learning_rate: PositiveFloat = Field(2e-5, description="peak learning rate")
    epochs: PositiveInt | None = Field(
        None, description="number of passes over the samples; give either `epochs` or `max_steps`"
    )
    max_steps: PositiveInt | None = Field(
        None, description="number of optimiser steps; the samples are repeated as needed"
    )
    global_batch_size: PositiveInt = Field(
        128, description="number of positive samples in one optimiser step, over all processes"
    )
    max_tokens_per_micro_batch: PositiveInt = Field(
        8192,
        description="maximum number of padded tokens in one forward pass; reduce it to save memory, the "
        "result does not change",
    )
    max_length: PositiveInt = Field(
        512,
        description="maximum number of tokens of prompt and response; a longer response is cut, and a "
        "sample without room for a response is dropped and counted",
    )
    warmup_ratio: float = Field(0.03, ge=0, lt=1, description="share of the steps for warm-up")
    lr_scheduler_type: Literal["cosine", "linear", "constant_with_warmup"] = Field(
        "cosine", description="learning rate after the warm-up"
    )
    weight_decay: float = Field(0.0, ge=0, description="weight decay of AdamW")
    adam_beta2: float = Field(
        0.999, gt=0, lt=1, description="beta 2 of AdamW; 0.98 learns faster from random weights"
    )
    max_grad_norm: PositiveFloat = Field(1.0, description="gradients are clipped to this norm")
    normalization: Literal["token", "sequence"] = Field(
        "token",
        description="the loss is a mean over the tokens of a batch, or over its sequences of each one's mean",
    )
    precision: Literal["auto", "bf16", "fp32"] = Field(
        "auto",
        description="precision of the forward pass; `auto` is bf16 where that is faster. Trained weights "
        "stay in fp32",
    )
    save_precision: Literal["auto", "fp32", "bf16", "fp16"] = Field(
        "auto",
        description="precision of the saved model; `auto` is that of the model the stage starts from, or "
        "fp32 if rounding would undo more than half of what the stage changed",
        exclude_if=lambda precision: precision == "auto",  # older recipes lack it
    )
    lora: Lora | None = Field(
        None,
        description="train LoRA adapters in place of the model's own weights; `{}` uses the defaults. The "
        "adapters are merged, and the whole model is saved",
    )
    quantization: Literal["4bit"] | None = Field(
        None,
        description="hold the frozen weights in four bits (QLoRA). Needs `lora`, a GPU and the extra `qlora`",
    )
    optim: Literal["adamw_torch_fused", "adamw_bnb_8bit"] = Field(
        "adamw_torch_fused",
        description="optimiser: AdamW with moments in fp32, or in eight bits, which needs the extra `qlora`",
    )
    freeze_embeddings: bool = Field(False, description="do not train the input embeddings and the head")
    gradient_checkpointing: bool = Field(
        False,
        description="recompute activations: less memory, about a third more time, the same result",
    )
    compile: bool = Field(
        False, description="use torch.compile, which takes minutes to start and pays off in long stages"
    )
    tracking: tuple[Tracker, ...] | None = Field(
        None,
        description="services that get the log besides `log.jsonl`. Needs the extra `tracking`; credentials "
        "come from this machine, never from a recipe",
    )
    parallel: Literal["ddp", "fsdp", "zero3"] = Field(
        "ddp",
        description="how several processes hold the model: `ddp` the whole model in each process, `fsdp` "
        "and `zero3` only a part",
    )
    save_minutes: PositiveFloat = Field(
        5.0, description="maximum number of minutes between checkpoints to resume from"
    )
    checkpoint_steps: tuple[NonNegativeInt, ...] | None = Field(
        None,
        description="steps whose model is saved in `models/<stage>/step-<n>`, too, for the `step` of a "
        "system. Step 0 is the model that the stage starts from",
    )

    @model_validator(mode="after")
    def _one_length(self) -> Self:
        if self.epochs is not None and self.max_steps is not None:
            raise ValueError("both `epochs` and `max_steps` are given; keep one")
        if self.epochs is None and self.max_steps is None:
            raise ValueError("the length of training is missing; give `epochs` or `max_steps`")
        return self

    @model_validator(mode="after")
    def _keeps_steps_that_it_takes(self) -> Self:
        if self.max_steps and self.checkpoint_steps and max(self.checkpoint_steps) > self.max_steps:
            raise ValueError(
                f"`checkpoint_steps` has {max(self.checkpoint_steps)}, but `max_steps` is {self.max_steps}"
            )
        return self

    @model_validator(mode="after")
    def _quantized_weights_stay(self) -> Self:
        if self.quantization and self.lora is None:
            raise ValueError("`quantization` needs `lora`: weights of four bits cannot be trained themselves")
        return self
