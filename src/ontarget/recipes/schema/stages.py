"""The stages of a recipe that train on parallel text."""

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
from ontarget.recipes.schema.block import POST_INSTRUCTION, Block, Count, mistakes
from ontarget.recipes.schema.presets import DEFAULT, PRESETS, Preset, fill_in_preset
from ontarget.samples.conflict import Conflict, Named, Policy
from ontarget.samples.confusion import counted
from ontarget.samples.documents import Documents
from ontarget.samples.weighting import ALL, Tokens, TokenWeighting, Weighting
from ontarget.samples.wordings import sentence
from ontarget.settings.model_shape import ModelShape
from ontarget.settings.objective import Objective, ObjectiveName
from ontarget.settings.tuning import Tuning

_BETA, _MARGIN = {"cpo": 0.1, "simpo": 2.0}, 1.0  # nats; of their papers
_Q = 1.0  # the loss of a token is then its p

START = "model to start from: a stage, a directory or a Hub name; `model` is the `model` of the recipe"
KIND = "kind of the stage"


def _is_none(value: object) -> bool:
    return value is None


# Keys that were added later are left out of dumps, and so of fingerprints, where they have no effect.
Seed = Annotated[
    int | None,
    Field(
        description="random seed of this stage; default: the `seed` of the recipe. The seed of the models "
        "it starts from does not change",
        exclude_if=_is_none,
    ),
]
Samples = Annotated[
    Count,
    Field(
        description="number of samples, or `all`. Drawn at random from the training data, evenly over "
        "directions, and anew in each epoch"
    ),
]
Optimisation = Annotated[Tuning, Field(description="settings of the optimiser")]


class Pretraining(Block):
    """Makes a small base model and its tokenizer from the corpus, for machines without a checkpoint."""

    kind: Literal["pretraining"] = Field(description=KIND)
    documents: Documents = Field(
        "aligned",
        description="documents to read: lines, aligned lines, or `english-pivoted`, in which only English "
        "and one other language are aligned",
    )
    model: ModelShape = Field(ModelShape(), description="size of the model")
    seed: Seed = None
    tuning: Optimisation

    @property
    def start(self) -> None:
        """This stage starts from no model."""
        return None

    @property
    def evaluation(self) -> None:
        """This stage does not translate, so it is not evaluated during training."""
        return None

    @model_validator(mode="after")
    def _trains_all_weights(self) -> Self:
        if self.tuning.lora or self.tuning.freeze_embeddings:
            raise ValueError(
                "`tuning.lora` and `tuning.freeze_embeddings` need a model that is already trained"
            )
        return self


class EvaluationSettings(Block):
    """Evaluates a stage during training, on validation text: see training/evaluation.py."""

    every: PositiveInt = Field(
        description="number of steps between two evaluations; the last step is evaluated, too"
    )
    lines: PositiveInt = Field(20, description="number of lines for each direction")
    num_beams: PositiveInt = Field(1, description="beam width; 1 is greedy")
    best: Literal["zero_shot_otr", "zero_shot_bleu", "supervised_otr", "supervised_bleu"] | None = Field(
        None,
        description="save the weights of the step with the best value of this score, not the last weights",
    )
    patience: PositiveInt | None = Field(
        None, description="stop after this number of evaluations in a row that do not improve `best`"
    )

    @model_validator(mode="after")
    def _patient_for_a_score(self) -> Self:
        if self.patience and not self.best:
            raise ValueError("`patience` needs `best`, the score that should improve")
        return self


def _readable(wordings: dict[str, float]) -> dict[str, float]:
    with mistakes():
        for words in wordings:
            sentence(words)
    return wordings


Wordings = Annotated[
    dict[str, PositiveFloat],
    AfterValidator(_readable),
    Field(
        description="wordings of the instruction, each with its weight: the words of a template, or a "
        "sentence with `{source}` and `{target}`",
        exclude_if=lambda value: not value,
    ),
]


class GeneralSettings(Block):
    """General instructions to mix in, so that the model can still follow them: see samples/general.py."""

    path: str = Field(
        description="file of instructions: a JSON list or JSON lines with `instruction`, `input` and `output`"
    )
    ratio: float = Field(gt=0, lt=1, description="share of all positive samples")


General = Annotated[
    GeneralSettings | None,
    Field(description="general instructions to mix in", exclude_if=_is_none),
]
Evaluation = Annotated[
    EvaluationSettings | None,
    Field(
        description="evaluation during training. It does not change the result unless `best` or `patience` "
        "is given"
    ),
]


class SupervisedFineTuning(Block):
    """Stage 1 of the paper: supervised fine-tuning on translations of the supervised directions."""

    kind: Literal["sft"] = Field(description=KIND)
    start: str = Field(alias="from", description=START)
    samples: Samples = 12_000
    directions: Literal["supervised", "all"] = Field(
        "supervised",
        description="directions to train; `all` adds the zero-shot ones, which are then no longer zero-shot",
        exclude_if=lambda value: value == "supervised",
    )
    post_instruction: bool = Field(False, description=POST_INSTRUCTION)
    wordings: Wordings = Field({})
    general: General = None
    seed: Seed = None
    tuning: Optimisation
    evaluation: Evaluation = None


class ConflictSettings(Block):
    """How conflicting samples are made from translations: see samples/conflict.py."""

    policy: Policy = Field(description="instruction of the conflicting sample")
    directions: Named = Field(description="directions that conflicting instructions may name")
    tokens: Tokens = Field(description="tokens of the response to unlearn")
    k: PositiveInt | None = Field(
        None, description="number of tokens, for `tokens: first-k`", exclude_if=_is_none
    )
    gamma: float | None = Field(
        None, gt=0, lt=1, description="weight gamma ** n of token n, for `tokens: decay`", exclude_if=_is_none
    )
    token_weighting: TokenWeighting | None = Field(
        None,
        description="weight of a token by how much it reveals the language: estimated from the training "
        "text, or by the model that the stage starts from; null gives all tokens the same weight",
        exclude_if=_is_none,
    )
    eos: bool = Field(description="also unlearn the end-of-sequence token")
    redraw: bool = Field(description="draw the conflicting instruction anew in each epoch")
    counts: str | dict[str, dict[str, NonNegativeInt]] | None = Field(
        None,
        description="for the policy `confusion`: `outputs/<system>` of a run, or a mapping from the "
        "requested language to produced languages and their numbers of outputs",
        exclude_if=_is_none,
    )

    @model_validator(mode="after")
    def _counts_for_confusion(self) -> Self:
        if (self.policy == "confusion") != (self.counts is not None):
            raise ValueError("`counts` and the policy 'confusion' need each other")
        return self

    @model_validator(mode="after")
    def _two_instructions(self) -> Self:
        if self.policy == "source-copy" and self.token_weighting == "model":
            raise ValueError(
                "`token_weighting: model` compares two instructions, but 'source-copy' has only one; "
                "use `token_weighting: text`"
            )
        return self

    @model_validator(mode="after")
    def _numbers_of_tokens(self) -> Self:
        for key, tokens in (("k", "first-k"), ("gamma", "decay")):
            if (getattr(self, key) is None) == (self.tokens == tokens):
                raise ValueError(f"`{key}` and `tokens: {tokens}` need each other")
        return self

    def weighting(self) -> Weighting:
        """Which tokens of a conflicting sample are unlearnt, and with what weight."""
        return Weighting(**self.model_dump(include={"tokens", "k", "gamma", "token_weighting"}))

    def conflict(self) -> Conflict:
        """The settings as an object of `samples`, with the counts of a run read from disk.

        Raises:
            UserError: there is no such run.
        """
        counts = counted(expanded(self.counts)) if isinstance(self.counts, str) else self.counts
        return Conflict(self.policy, self.directions, self.weighting(), self.eos, self.redraw, counts=counts)


class LanguageAware(Block):
    """Stage 2 of the paper: learns each translation, and unlearns a conflicting one, with weight alpha."""

    kind: Literal["language-aware"] = Field(description=KIND)
    start: str = Field(alias="from", description=START)
    preset: Preset = Field(
        DEFAULT, description="preset of the other keys; keys of the recipe take precedence"
    )
    samples: Samples = 800
    alpha: NonNegativeFloat = Field(description="weight of the loss on conflicting samples")
    objective: ObjectiveName = Field(
        "unlikelihood",
        description="loss on conflicting samples",
        exclude_if=lambda name: name == "unlikelihood",
    )
    beta: PositiveFloat | None = Field(
        None,
        description="for `cpo` (default 0.1) and `simpo` (2.0): sharpness of the comparison",
        exclude_if=_is_none,
    )
    margin: NonNegativeFloat | None = Field(
        None, description="for `simpo` (default 1.0): margin in nats", exclude_if=_is_none
    )
    q: float | None = Field(
        None,
        gt=0,
        le=1,
        description="for `bounded` (default 1.0): the loss of a token is at most 1/q",
        exclude_if=_is_none,
    )
    post_instruction: bool = Field(False, description=POST_INSTRUCTION, exclude_if=lambda value: not value)
    conflict: ConflictSettings = Field(
        description="how conflicting samples are made; the preset has defaults"
    )
    wordings: Wordings = Field({})
    general: General = None
    seed: Seed = None
    tuning: Optimisation
    evaluation: Evaluation = None

    @model_validator(mode="before")
    @classmethod
    def _fill_in_preset(cls, data: Any) -> Any:
        return fill_in_preset(data)

    @model_validator(mode="after")
    def _has_a_possible_objective(self) -> Self:
        for key, names in (("beta", ("cpo", "simpo")), ("margin", ("simpo",)), ("q", ("bounded",))):
            if getattr(self, key) is not None and self.objective not in names:
                raise ValueError(
                    f"`{key}` is for the objective {' or '.join(names)}, not for {self.objective}"
                )
        copied = self.conflict.policy == "source-copy" and self.conflict.weighting() != ALL
        if copied and self.aim().pairwise:
            raise ValueError(
                f"under the policy 'source-copy' {self.objective} compares two whole responses; "
                "use `conflict: {tokens: all, token_weighting: null}`, or `objective: unlikelihood`"
            )
        return self

    @model_serializer(mode="wrap")
    def _in_full(self, handler: SerializerFunctionWrapHandler, info: SerializationInfo) -> dict[str, Any]:
        """Also dumps values that are usually left out, where the preset would replace them."""
        data: dict[str, Any] = handler(self)
        preset = PRESETS[self.preset]
        if self.objective != preset["objective"] and "objective" not in (info.exclude or ()):
            data["objective"] = self.objective
        weighting = self.conflict.token_weighting
        if weighting is None and "token_weighting" in preset["conflict"] and "conflict" in data:
            data["conflict"]["token_weighting"] = None
        return data

    def aim(self) -> Objective:
        """The objective, with the values of its paper where the recipe gives none."""
        beta = self.beta if self.beta is not None else _BETA.get(self.objective, 1.0)
        margin = _MARGIN if self.margin is None and self.objective == "simpo" else self.margin or 0.0
        q = _Q if self.q is None and self.objective == "bounded" else self.q or 0.0
        return Objective(self.objective, beta, margin, q)


def fill_in_stages(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Removes stages that are null, and replaces every `from: model` by the `model` of the recipe.

    So a recipe that extends another one can leave out a stage, and one key sets the start of all stages.
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
