"""The stages of a recipe."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    SerializationInfo,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from ontarget.files import expanded
from ontarget.recipes.schema.block import Block, Count, mistakes
from ontarget.recipes.schema.presets import DEFAULT, PRESETS, Preset, fill_in_preset
from ontarget.samples.conflict import Conflict, Named, Policy
from ontarget.samples.confusion import counted
from ontarget.samples.documents import Documents
from ontarget.samples.weighting import ALL, Revealing, Tokens, Weighting
from ontarget.samples.wordings import sentence
from ontarget.settings.model_shape import ModelShape
from ontarget.settings.objective import Objective, ObjectiveName
from ontarget.settings.tuning import Tuning

_BETA, _MARGIN = {"cpo": 0.1, "simpo": 2.0}, 1.0  # nats; of their papers
_Q = 1.0  # the loss of a token is then its p


def _is_none(value: object) -> bool:
    return value is None


# Keys that came later are left out of a dump, and so of a fingerprint, where they say nothing.
Seed = Annotated[
    int | None, Field(description="of this stage alone; the recipe's by default", exclude_if=_is_none)
]


class LanguageModelling(Block):
    """Makes a small base model, and its tokenizer, from the corpus."""

    kind: Literal["language-modelling"]
    documents: Documents = "aligned"
    model: ModelShape = ModelShape()
    seed: Seed = None
    tuning: Tuning

    @property
    def start(self) -> None:
        """It starts from nothing."""
        return None

    @property
    def evaluation(self) -> None:
        """It does not translate, so there is nothing to judge yet."""
        return None

    @model_validator(mode="after")
    def _all_of_it_learns(self) -> Self:
        if self.tuning.lora or self.tuning.freeze_embeddings:
            raise ValueError(
                "`tuning.lora` and `tuning.freeze_embeddings` are for a model that has learnt already"
            )
        return self


class EvaluationSettings(Block):
    """How a stage is judged while it trains, on validation text: see training/evaluation.py."""

    every: PositiveInt = Field(description="steps")
    lines: PositiveInt = Field(20, description="of each direction")
    beam: PositiveInt = 1
    best: Literal["zero_shot_otr", "zero_shot_bleu", "supervised_otr", "supervised_bleu"] | None = None
    patience: PositiveInt | None = Field(None, description="so often may `best` be no better; None: no limit")

    @model_validator(mode="after")
    def _patient_for_something(self) -> Self:
        if self.patience and not self.best:
            raise ValueError("`patience` needs `best`: a score that is waited for")
        return self


def _sayable(wordings: dict[str, float]) -> dict[str, float]:
    with mistakes():
        for words in wordings:
            sentence(words)
    return wordings


Wordings = Annotated[
    dict[str, PositiveFloat],
    AfterValidator(_sayable),
    Field(description="words or sentence of an instruction -> weight", exclude_if=lambda value: not value),
]


class GeneralSettings(Block):
    """General instructions, learnt among the translations: see samples/general.py."""

    path: str = Field(description="a JSON list, or JSON lines, of instruction, input and output")
    ratio: float = Field(gt=0, lt=1, description="share of all positive samples")


General = Annotated[GeneralSettings | None, Field(exclude_if=_is_none)]


class Likelihood(Block):
    """Stage 1: translations of the supervised directions, by likelihood."""

    kind: Literal["likelihood"]
    start: str = Field(alias="from", description="a stage, a directory or a Hub name")
    samples: Count = 12_000
    directions: Literal["supervised", "all"] = Field(
        "supervised",
        description="all: of the zero-shot ones, too, which then are no longer so",
        exclude_if=lambda value: value == "supervised",
    )
    post_instruction: bool = Field(False, description="the instruction comes after the input")
    wordings: Wordings = Field({})
    general: General = None
    seed: Seed = None
    tuning: Tuning
    evaluation: EvaluationSettings | None = None


class ConflictSettings(Block):
    """How conflicting samples are made: see samples/conflict.py."""

    policy: Policy
    directions: Named
    tokens: Tokens
    k: PositiveInt | None = Field(None, description="tokens of first-k", exclude_if=_is_none)
    gamma: float | None = Field(None, gt=0, lt=1, description="of decay", exclude_if=_is_none)
    revealing: Revealing | None = Field(
        None, description="shares by how much a token tells the language", exclude_if=_is_none
    )
    eos: bool
    redraw: bool
    counts: str | dict[str, dict[str, NonNegativeInt]] | None = Field(
        None,
        description="of the policy confusion: outputs/<system> of a run, or requested -> produced -> answers",
        exclude_if=_is_none,
    )

    @model_validator(mode="after")
    def _counts_for_confusion(self) -> Self:
        if (self.policy == "confusion") != (self.counts is not None):
            raise ValueError("`counts` and the policy 'confusion' need each other")
        return self

    @model_validator(mode="after")
    def _two_instructions(self) -> Self:
        if self.policy == "source-copy" and self.revealing == "model":
            raise ValueError(
                "`revealing: model` compares two instructions, and 'source-copy' has one: "
                "take `revealing: text`"
            )
        return self

    @model_validator(mode="after")
    def _numbers_of_a_weighting(self) -> Self:
        for key, tokens in (("k", "first-k"), ("gamma", "decay")):
            if (getattr(self, key) is None) == (self.tokens == tokens):
                raise ValueError(f"`{key}` and `tokens: {tokens}` need each other")
        return self

    def weighting(self) -> Weighting:
        """Which tokens of a conflicting sample are unlearnt, and how much."""
        said = self.model_dump(include={"tokens", "k", "gamma", "revealing"})
        return Weighting(**said)

    def conflict(self) -> Conflict:
        """The same, for the room of samples, with the counts of a run read.

        Raises:
            UserError: there is no such run.
        """
        counts = counted(expanded(self.counts)) if isinstance(self.counts, str) else self.counts
        return Conflict(self.policy, self.directions, self.weighting(), self.eos, self.redraw, counts=counts)


class LanguageAware(Block):
    """Stage 2: likelihood of each translation, and alpha x unlikelihood of its conflicting twin."""

    kind: Literal["language-aware"]
    start: str = Field(alias="from", description="a stage, a directory or a Hub name")
    preset: Preset = DEFAULT
    samples: Count = 800
    alpha: NonNegativeFloat
    objective: ObjectiveName = Field("unlikelihood", exclude_if=lambda name: name == "unlikelihood")
    beta: PositiveFloat | None = Field(None, description="of cpo and simpo", exclude_if=_is_none)
    margin: NonNegativeFloat | None = Field(None, description="of simpo", exclude_if=_is_none)
    q: float | None = Field(None, gt=0, le=1, description="of bounded: at most 1/q", exclude_if=_is_none)
    post_instruction: bool = Field(
        False, description="the instruction comes after the input", exclude_if=lambda value: not value
    )
    conflict: ConflictSettings
    wordings: Wordings = Field({})
    general: General = None
    seed: Seed = None
    tuning: Tuning
    evaluation: EvaluationSettings | None = None

    @model_validator(mode="before")
    @classmethod
    def _fill_in_preset(cls, data: Any) -> Any:
        """What the recipe says itself wins over its preset."""
        return fill_in_preset(data)

    @model_validator(mode="after")
    def _an_objective_that_can_be(self) -> Self:
        for key, names in (("beta", ("cpo", "simpo")), ("margin", ("simpo",)), ("q", ("bounded",))):
            if getattr(self, key) is not None and self.objective not in names:
                raise ValueError(
                    f"`{key}` is for the objective {' or '.join(names)}, not for {self.objective}"
                )
        copied = self.conflict.policy == "source-copy" and self.conflict.weighting() != ALL
        if copied and self.aim().pairwise:
            raise ValueError(
                f"under the policy 'source-copy' {self.objective} compares two responses as wholes: "
                "give `conflict: {tokens: all, revealing: null}`, or take `objective: unlikelihood`"
            )
        return self

    @model_serializer(mode="wrap")
    def _in_full(self, handler: SerializerFunctionWrapHandler, info: SerializationInfo) -> dict[str, Any]:
        """Also what is left out elsewhere, where a preset would put something else in its place."""
        data: dict[str, Any] = handler(self)
        preset = PRESETS[self.preset]
        if self.objective != preset["objective"] and "objective" not in (info.exclude or ()):
            data["objective"] = self.objective
        if self.conflict.revealing is None and "revealing" in preset["conflict"] and "conflict" in data:
            data["conflict"]["revealing"] = None
        return data

    def aim(self) -> Objective:
        """The objective, with what its paper takes where the recipe does not say."""
        beta = self.beta if self.beta is not None else _BETA.get(self.objective, 1.0)
        margin = _MARGIN if self.margin is None and self.objective == "simpo" else self.margin or 0.0
        q = _Q if self.q is None and self.objective == "bounded" else self.q or 0.0
        return Objective(self.objective, beta, margin, q)


def fill_in_stages(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """`data` without stages that are null, and with its `model` in the place of every `from: model`.

    So a recipe that extends another can leave a stage out, and one key says what all stages start from.
    """
    stages, model = data.get("stages"), data.get("model")
    if not isinstance(stages, Mapping):
        return data
    kept = {name: stage for name, stage in stages.items() if stage is not None}
    if model is None or "model" in kept:
        return {**data, "stages": kept}
    filled = {
        name: {**stage, "from": model}
        if isinstance(stage, Mapping) and stage.get("from") == "model"
        else stage
        for name, stage in kept.items()
    }
    return {**data, "stages": filled, "model": model if filled == kept else None}
