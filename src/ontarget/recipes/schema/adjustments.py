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

    source_weight: float = Field(
        Contrast().source_weight, description="weight of the contrast with another source sentence"
    )
    language_weight: float = Field(
        Contrast().language_weight,
        description="weight shared by the distinct wrong languages; both weights together must stay below 1",
    )
    plausibility: float = Field(
        Contrast().plausibility,
        description="leave out tokens below this share of the best token's probability; between 0 and 1",
    )
    first_tokens: PositiveInt | None = Field(
        None,
        description="number of output tokens to contrast; default: all. The model continues alone after them",
    )
    # Added later: the default is left out, so that old fingerprints stay valid.
    against: Annotated[tuple[Annotated[str, BeforeValidator(_wrong)], ...], Field(min_length=1)] = Field(
        _ENGLISH_AND_SOURCE,
        description="wrong languages: codes, `pivot`, `source`, or `others` for all languages of the "
        "recipe; the requested language is left out",
        exclude_if=lambda value: value == _ENGLISH_AND_SOURCE,
    )

    @model_validator(mode="after")
    def _possible(self) -> Self:
        with mistakes():
            self.contrast(Language("en"), ())
        return self

    def contrast(self, pivot: Language, languages: Sequence[Language]) -> Contrast:
        """The settings as an object of `settings.decoding`, for the languages of a recipe."""
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

    weight: NonNegativeFloat = Field(Prior().weight, description="weight of the prior's log-probabilities")
    first_tokens: PositiveInt | None = Field(
        None, description="number of output tokens to which the prior applies; default: all"
    )

    def prior(self) -> Prior:
        """The settings as an object of `settings.decoding`."""
        return Prior(**self.model_dump())


class BoostingSettings(Block):
    """Boosting of tokens of the wanted language: see translation/boosting.py."""

    boost: NonNegativeFloat = Field(Boosting().boost, description="nats to add to their scores")
    unsure_below: float | None = Field(
        None,
        ge=0,
        le=1,
        description="boost only where the best token of the language and the best other token differ by at "
        "most this in probability; default: always",
    )
    first_tokens: PositiveInt | None = Field(
        None, description="number of output tokens to boost; default: all"
    )

    def boosting(self) -> Boosting:
        """The settings as an object of `settings.decoding`."""
        return Boosting(**self.model_dump())


class AntiLMSettings(Block):
    """Anti-LM decoding: see translation/anti_lm.py."""

    decay: float = Field(
        AntiLanguageModel().decay, ge=0, lt=1, description="the score has the weight decay^t at token t"
    )

    def anti_lm(self) -> AntiLanguageModel:
        """The settings as an object of `settings.decoding`."""
        return AntiLanguageModel(**self.model_dump())
