"""The systems of a recipe: prompting and decoding, and the predefined systems."""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import Field, NonNegativeInt, PositiveInt, field_serializer, model_validator

from ontarget.errors import UserError, nearest
from ontarget.recipes.schema.adjustments import (
    AntiLMSettings,
    BoostingSettings,
    ContrastSettings,
    PriorSettings,
)
from ontarget.recipes.schema.block import POST_INSTRUCTION, Block
from ontarget.settings.decoding import Decoding, Precision
from ontarget.system_ids import BASE

# The rows of the table. PTL, shots, contrast and pivot prompt or decode the stage 1 model, as in the paper;
# `base` is the model that stage 1 starts from. In a recipe without stages, `model` replaces both.
SYSTEMS: dict[str, dict[str, Any]] = {
    BASE: {},
    "mt": {},
    "post-ins": {"model": "post-ins", "post_instruction": True},
    "ptl": {"prompt_in_target": True},
    "1-shot": {"num_fewshot": 1},
    "5-shot": {"num_fewshot": 5},
    "contrastive": {"contrast": {}},
    "first-token-contrast": {
        "contrast": {
            "source_weight": 0.0,
            "language_weight": 0.9,
            "plausibility": 1e-3,
            "first_tokens": 1,
            "against": ["pivot"],
        }
    },
    "language-prior": {"prior": {}},
    "token-boosting": {"boosting": {}},
    "adaptive-boosting": {"boosting": {"boost": 1000.0, "unsure_below": 0.8}},
    "anti-lm": {"anti_lm": {}},
    "reranked": {"rerank": {}},
    "retried": {"rerank": {"retry": True}},
    "lat": {"model": "lat"},
    "ontarget": {"model": "ontarget"},
    "ontarget-any": {"model": "ontarget-any"},
    "pivot": {"pivot": True},
}
DIAGNOSIS = (BASE, "ptl", "1-shot", "5-shot", "contrastive", "pivot")


def _newer(description: str) -> Any:
    """A key that older recipes lack: left out of dumps, so that old fingerprints stay valid."""
    return Field(None, description=description, exclude_if=lambda value: value is None)


class DecodingSettings(Block):
    """Settings of decoding: see translation/system.py."""

    num_beams: PositiveInt = Field(4, description="beam width; 1 is greedy")
    max_new_tokens: PositiveInt = Field(
        512, description="maximum number of tokens to generate; fewer where the context of the model ends"
    )
    length_penalty: float = Field(
        1.0, description="hypotheses are ranked by log-probability / tokens ** length_penalty"
    )
    no_repeat_ngram_size: PositiveInt | None = _newer("forbid repeated n-grams of this size")
    precision: Precision = Field(
        "auto",
        description="precision of the model: `auto` is bf16 on a GPU and fp32 on a CPU. On CPUs with AMX or "
        "AVX512-BF16, bf16 is 1.4 to 2 times as fast; CPUs without instructions for bf16 decode in fp32",
        exclude_if=lambda precision: precision == "auto",  # older recipes lack it
    )

    def decoding(self) -> Decoding:
        """The settings of the search as an object of `settings.decoding`."""
        return Decoding(**self.model_dump(exclude={"precision"}))


class RerankSettings(Block):
    """Re-ranking by language identification: see translation/rerank.py."""

    retry: bool = Field(
        False, description="if no hypothesis is in the requested language, translate again through the pivot"
    )


class SystemSettings(Block):
    """One row of the table: a model with its prompting and decoding."""

    model: str | None = Field(
        None,
        description="model to translate with: a stage, a directory or a Hub name; default: by ID, or the "
        "stage `mt`, or the `model` of the recipe",
    )
    step: NonNegativeInt | None = Field(
        None, description="step of the stage, one of its `tuning.checkpoint_steps`; default: its end"
    )
    post_instruction: bool = Field(False, description=POST_INSTRUCTION)
    prompt_in_target: bool = Field(False, description="write the whole prompt in the target language")
    num_fewshot: NonNegativeInt = Field(
        0, description="number of demonstrations in the prompt: the first validation lines of the direction"
    )
    contrast: ContrastSettings | None = Field(
        None, description="contrastive decoding; `{}` uses the defaults"
    )
    prior: PriorSettings | None = _newer(
        "language prior on tokens, estimated from the train split, or from validation where nothing is "
        "trained"
    )
    boosting: BoostingSettings | None = _newer(
        "boost tokens of the target language, estimated from the same lines"
    )
    anti_lm: AntiLMSettings | None = _newer("subtract the scores of a plain continuation of the source")
    pivot: bool = Field(False, description="translate in two steps, through the pivot language")
    rerank: RerankSettings | None = _newer(
        "choose the most probable hypothesis of the beam that is in the requested language"
    )
    decoding: DecodingSettings = Field(
        DecodingSettings(), description="changes to the decoding of the recipe"
    )

    @model_validator(mode="after")
    def _retries_by_another_way(self) -> Self:
        if self.pivot and self.rerank and self.rerank.retry:
            raise ValueError(
                "`rerank.retry` translates through the pivot, but this system already does; omit `retry`"
            )
        return self

    def check_beam(self, beam: int) -> None:
        """Checks that a beam size is large enough.

        Raises:
            UserError: the beam is too small.
        """
        if beam == 1 and self.rerank and not self.rerank.retry:
            raise UserError(
                "a beam of 1 has only one hypothesis, so there is nothing to re-rank; use 2 or more"
            )

    @property
    def through_pivot(self) -> bool:
        """Whether anything is translated through the pivot."""
        return self.pivot or (self.rerank is not None and self.rerank.retry)

    @property
    def learns_from_text(self) -> bool:
        """Whether monolingual text of each language is needed."""
        return self.prior is not None or self.boosting is not None

    @field_serializer("decoding")
    def _what_differs(self, value: DecodingSettings) -> dict[str, Any]:
        return value.model_dump(exclude_unset=True)


def list_systems(data: Mapping[str, Any]) -> dict[str, Any]:
    """Normalises `systems` to a mapping from ID to settings; by default the stages and the pivot."""
    stages, systems = data.get("stages"), data.get("systems")
    if systems is None:
        systems = _of_stages(stages) if isinstance(stages, Mapping) and stages else DIAGNOSIS
    if isinstance(systems, list | tuple):
        systems = {str(name): {} for name in systems}
    return {**data, "systems": systems}


def _of_stages(stages: Mapping[str, Any]) -> dict[str, Any]:
    """A row for each stage that trains translation, prompted as in training, and one for the pivot."""
    rows: dict[str, Any] = {}
    for name, stage in stages.items():
        if not isinstance(stage, Mapping) or stage.get("kind") == "pretraining":
            continue
        if name not in SYSTEMS or name == BASE:
            after = {"post_instruction": True} if stage.get("post_instruction") else {}
            rows[name] = {"model": name, **after}
        elif SYSTEMS[name].get("model", "mt") == name:  # not a system that uses another stage, such as `ptl`
            rows[name] = {}
    if rows and "pivot" not in stages:
        rows["pivot"] = {} if "mt" in rows else {"model": next(iter(rows))}
    return rows


def fill_in_systems(data: dict[str, Any]) -> dict[str, Any]:
    """Fills in the settings of predefined systems; those in the recipe take precedence.

    Raises:
        ValueError: an unknown ID has no model, so it is misspelt or incomplete.
    """
    stages, systems = data.get("stages") or {}, data["systems"]
    if not isinstance(systems, Mapping) or not isinstance(stages, Mapping):
        return data
    start = stages["mt"].get("from") if isinstance(stages.get("mt"), Mapping) else None
    usual = {"model": "mt"} if "mt" in stages else {}
    filled: dict[str, Any] = {}
    for name, settings in systems.items():
        settings = {} if settings is None else settings
        if not isinstance(settings, Mapping):
            filled[name] = settings
            continue
        untuned = {"model": start or "base"} if name == BASE and stages else {}
        filled[name] = usual | untuned | SYSTEMS.get(name, {}) | dict(settings)
        if name not in SYSTEMS and "model" not in settings:
            raise ValueError(
                f"unknown system 'systems.{name}'{nearest(str(name), SYSTEMS)} "
                "(your own system needs a `model`)"
            )
    return {**data, "systems": filled}
