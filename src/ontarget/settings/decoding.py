"""Settings of decoding: the search, and adjustments of the scores of next tokens."""

from dataclasses import dataclass
from typing import Literal

from ontarget import given
from ontarget.errors import UserError
from ontarget.languages import Language

Precision = Literal["auto", "bf16", "fp32"]
"""Precision of a model that translates: see `translation/checkpoint.py`."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """Sampling of tokens in place of a search: other translations than the most probable one.

    Attributes:
        temperature: divides the scores; below 1 it favours probable tokens.
        top_p: only the most probable tokens are drawn whose probabilities sum to this share.
        seed: the same seed draws the same translations of a text, whatever is translated beside it.
    """

    temperature: float = 0.7
    top_p: float = 0.95
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.temperature > 0:
            raise UserError(f"temperature must be above 0, not {self.temperature}")
        if not 0 < self.top_p <= 1:
            raise UserError(f"top_p must be above 0 and at most 1, not {self.top_p}")


@dataclass(frozen=True, slots=True)
class Decoding:
    """Settings of the search for a hypothesis.

    Attributes:
        num_beams: hypotheses kept at each step; 1 is greedy search.
        max_new_tokens: maximum number of tokens to generate.
        length_penalty: hypotheses are ranked by log-probability / tokens ** length_penalty.
        no_repeat_ngram_size: forbid repeated n-grams of this size in the output; None allows them. The prompt
            does not count, so that names can be copied.
        sampling: draws tokens in place of the search; `num_beams` is ignored.
    """

    num_beams: int = 4
    max_new_tokens: int = 512
    length_penalty: float = 1.0
    no_repeat_ngram_size: int | None = None
    sampling: Sampling | None = None

    def __post_init__(self) -> None:
        given.count(self.num_beams, "num_beams")
        given.count(self.max_new_tokens, "max_new_tokens")
        if self.no_repeat_ngram_size is not None:
            given.count(self.no_repeat_ngram_size, "no_repeat_ngram_size")


@dataclass(frozen=True, slots=True)
class Contrast:
    """Contrastive decoding, C_src+lang: subtracts the scores that the token gets after wrong prompts.

    See `translation/contrast.py` for the formula and the wrong prompts.

    Attributes:
        source_weight: weight of the contrast with another source sentence.
        language_weight: weight of the contrasts with wrong target languages, shared by the distinct ones.
        plausibility: tokens below this share of the most probable token's probability are left out.
        first_tokens: number of output tokens to contrast; None: all.
        against: the wrong target languages, and `source` for the language of the sentence itself. The
            requested language is left out.
    """

    source_weight: float = 0.7
    language_weight: float = 0.1
    plausibility: float = 0.1
    first_tokens: int | None = None
    against: tuple[Language | Literal["source"], ...] = (Language("en"), "source")

    def __post_init__(self) -> None:
        budget = self.source_weight + self.language_weight
        if min(self.source_weight, self.language_weight) < 0 or budget >= 1:
            raise UserError(
                f"contrast weights must not be negative and must sum to less than 1 (they are "
                f"{self.source_weight} and {self.language_weight})"
            )
        if not 0 <= self.plausibility <= 1:
            raise UserError(f"plausibility must be between 0 and 1, not {self.plausibility}")
        _at_least_one(self.first_tokens)


@dataclass(frozen=True, slots=True)
class Prior:
    """A language prior on tokens: see `translation/prior.py`.

    Attributes:
        weight: weight of the prior's log-probabilities.
        first_tokens: number of output tokens to adjust; None: all.
    """

    weight: float = 2.0
    first_tokens: int | None = None

    def __post_init__(self) -> None:
        _at_least_one(self.first_tokens)
        if self.weight < 0:
            raise UserError(f"the weight of a prior must not be negative, and is {self.weight}")


@dataclass(frozen=True, slots=True)
class Boosting:
    """Boosting of tokens of the target language: see `translation/boosting.py`.

    Attributes:
        boost: nats to add to their scores.
        unsure_below: boost only where the best token of the language and the best other token differ by at
            most this in probability; None: always.
        first_tokens: number of output tokens to boost; None: all.
    """

    boost: float = 5.0
    unsure_below: float | None = None
    first_tokens: int | None = None

    def __post_init__(self) -> None:
        if self.boost < 0:
            raise UserError(f"boost must not be negative, and is {self.boost}")
        if self.unsure_below is not None and not 0 <= self.unsure_below <= 1:
            raise UserError(f"unsure_below must be between 0 and 1, not {self.unsure_below}")
        _at_least_one(self.first_tokens)


@dataclass(frozen=True, slots=True)
class AntiLanguageModel:
    """Anti-LM decoding: see `translation/anti_lm.py`.

    Attributes:
        decay: the subtracted score of a plain continuation has the weight decay^t at token t.
    """

    decay: float = 0.3

    def __post_init__(self) -> None:
        if not 0 <= self.decay < 1:
            raise UserError(f"decay must be at least 0 and below 1, not {self.decay}")


def _at_least_one(first_tokens: int | None) -> None:
    if first_tokens is not None and first_tokens < 1:
        raise UserError(f"first_tokens must be at least 1, not {first_tokens}")
