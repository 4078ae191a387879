"""A row of the results table: a model, how it is asked, and how its answer is searched for. No torch here."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ontarget.corpora.corpus import Translation
from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.prompts.template import PromptTemplate


@dataclass(frozen=True, slots=True)
class Request:
    """A text, and the direction to translate it in."""

    source: str
    direction: Direction


def direction_between(source: str, target: str) -> Direction:
    """The direction from one language code to another.

    Raises:
        UserError: a language is unknown, or both are the same.
    """
    direction = Direction(Language(source), Language(target))
    if direction.source == direction.target:
        raise UserError(f"source and target are both {direction.source}; name two languages")
    return direction


@dataclass(frozen=True, slots=True)
class Decoding:
    """How an answer is searched for.

    Attributes:
        beam: hypotheses kept at each step; 1 is greedy search.
        max_new_tokens: an answer is cut here.
        length_penalty: hypotheses are compared by log-probability / tokens ** length_penalty.
    """

    beam: int = 4
    max_new_tokens: int = 512
    length_penalty: float = 1.0

    def __post_init__(self) -> None:
        if self.beam < 1 or self.max_new_tokens < 1:
            raise UserError(
                f"beam and max_new_tokens must be at least 1, not {self.beam} and {self.max_new_tokens}"
            )


@dataclass(frozen=True, slots=True)
class Contrast:
    """Contrastive decoding, C_src+lang: what the wrong question would get as well is held against an answer.

    See `translation/contrast.py` for the formula and what is contrasted with.

    Attributes:
        source_weight: of the contrast with another source sentence.
        language_weight: of the contrasts with wrong target languages, shared by those that are distinct.
        plausibility: a token with less than this share of the probability of the most probable one is left
            out.
        first_tokens: so many tokens of an answer are contrasted; None: all of them.
    """

    source_weight: float = 0.7
    language_weight: float = 0.1
    plausibility: float = 0.1
    first_tokens: int | None = None

    def __post_init__(self) -> None:
        budget = self.source_weight + self.language_weight
        if min(self.source_weight, self.language_weight) < 0 or budget >= 1:
            raise UserError(
                f"contrast weights must not be negative and must sum to less than 1 (they are "
                f"{self.source_weight} and {self.language_weight})"
            )
        if not 0 <= self.plausibility <= 1:
            raise UserError(f"plausibility must be between 0 and 1, not {self.plausibility}")
        if self.first_tokens is not None and self.first_tokens < 1:
            raise UserError(f"first_tokens must be at least 1, not {self.first_tokens}")


@dataclass(frozen=True, slots=True)
class System:
    """Everything but the model: which prompt is made of a request, and how it is answered.

    Attributes:
        id: the name in files and tables: `mt`, `5-shot`, `ontarget`.
        template: the layout of the prompt.
        post_instruction: the instruction follows the input (Liu et al. 2308.12097).
        prompt_in_target: the whole prompt is in the target language (PTL).
        demonstrations: answered requests shown first, by the direction asked for.
        contrast: contrastive decoding, if any.
        pivot: translate into this language first, and from there; direct where it is a side of the direction.
        decoding: the search.
    """

    id: str
    template: PromptTemplate
    post_instruction: bool = False
    prompt_in_target: bool = False
    demonstrations: Mapping[Direction, tuple[Translation, ...]] = field(default_factory=dict)
    contrast: Contrast | None = None
    pivot: Language | None = None
    decoding: Decoding = Decoding()
