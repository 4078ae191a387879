"""The size of a new base model."""

from pydantic import BaseModel, ConfigDict, Field, PositiveInt


class ModelShape(BaseModel):
    """A small model of the Llama architecture with random weights, for machines without a checkpoint."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    vocabulary: PositiveInt = Field(8000, description="BPE pieces, including control tokens")
    hidden: PositiveInt = Field(256, description="width of the hidden states")
    layers: PositiveInt = Field(6, description="number of layers")
    heads: PositiveInt = Field(4, description="number of attention heads; must divide `hidden`")
    intermediate: PositiveInt = Field(704, description="width inside the feed-forward blocks")
