"""Settings that adjust next-token scores in decoding; see translation/adjustment.py."""

from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, NonNegativeFloat, PositiveInt, model_validator

from ontarget.languages import Language, code_of
from ontarget.recipes.schema.block import Block, mistakes
from ontarget.settings.decoding import AntiLanguageModel, Boosting, Contrast, Prior

_ENGLISH_AND_SOURCE = ("en", "source")


def _wrong(value: object) -> str:
    word = code_of(value)
    with mistakes():
        return word if word in ("pivot", "source", "others") else str(Language(word))


class ContrastSettings(Block):
    """Contrastive decoding: see translation/contrast.py."""

    source_weight: float = Contrast().source_weight
    language_weight: float = Contrast().language_weight
    plausibility: float = Contrast().plausibility
    first_tokens: PositiveInt | None = Field(None, description="number of tokens to contrast; None: all")
    # Added later: the default is left out, so that old fingerprints stay valid.
    against: Annotated[tuple[Annotated[str, BeforeValidator(_wrong)], ...], Field(min_length=1)] = Field(
        _ENGLISH_AND_SOURCE,
        description="wrong languages: codes, `pivot`, `source`, or `others`, all languages of the recipe",
        exclude_if=lambda value: value == _ENGLISH_AND_SOURCE,
    )

    @model_validator(mode="after")
    def _possible(self) -> Self:
        with mistakes():
            self.contrast(Language("en"), ())
        return self

    def contrast(self, pivot: Language, languages: Sequence[Language]) -> Contrast:
        """The settings as an object of `translation`, for the languages of a recipe."""
        against: dict[Language | Literal["source"], None] = {}
        for wrong in self.against:
            if wrong == "source":
                against["source"] = None
            elif wrong == "others":
                against |= dict.fromkeys(languages)
            else:
                against[pivot if wrong == "pivot" else Language(wrong)] = None
        return Contrast(**self.model_dump(exclude={"against"}), against=tuple(against))


class PriorSettings(Block):
    """A language prior on tokens: see translation/prior.py."""

    weight: NonNegativeFloat = Prior().weight
    first_tokens: PositiveInt | None = Field(None, description="number of tokens to adjust; None: all")

    def prior(self) -> Prior:
        """The same, for the room of translation."""
        return Prior(**self.model_dump())


class BoostingSettings(Block):
    """Boosting of tokens of the wanted language: see translation/boosting.py."""

    boost: NonNegativeFloat = Field(Boosting().boost, description="nats")
    unsure_below: float | None = Field(
        None,
        ge=0,
        le=1,
        description="boost only if the best tokens in and out of the language are this close in "
        "probability; None: always",
    )
    first_tokens: PositiveInt | None = Field(None, description="number of tokens to boost; None: all")

    def boosting(self) -> Boosting:
        """The same, for the room of translation."""
        return Boosting(**self.model_dump())


class AntiLMSettings(Block):
    """Anti-LM decoding: see translation/anti_lm.py."""

    decay: float = Field(AntiLanguageModel().decay, ge=0, lt=1)

    def anti_lm(self) -> AntiLanguageModel:
        """The same, for the room of translation."""
        return AntiLanguageModel(**self.model_dump())
