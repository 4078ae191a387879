"""A row of the results table: a model, how it is asked, and how its answer is searched for. No torch here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ontarget import given
from ontarget.corpora.corpus import Translation
from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.prompts.template import PromptTemplate


@dataclass(frozen=True, slots=True)
class Request:
    """A text, and the direction to translate it in."""

    source: str
    direction: Direction


def direction_between(source: str | Language, target: str | Language) -> Direction:
    """The direction from one language, or code of one, to another.

    Raises:
        UserError: a language is unknown, or both are the same.
    """
    sides = [side if isinstance(side, Language) else Language(side) for side in (source, target)]
    direction = Direction(*sides)
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
        no_repeat_ngram_size: so many tokens in a row are said once in an answer; None: as often as the model
            likes. What the prompt says counts for nothing, so that a name may be copied.
    """

    beam: int = 4
    max_new_tokens: int = 512
    length_penalty: float = 1.0
    no_repeat_ngram_size: int | None = None

    def __post_init__(self) -> None:
        given.count(self.beam, "beam")
        given.count(self.max_new_tokens, "max_new_tokens")
        if self.no_repeat_ngram_size is not None:
            given.count(self.no_repeat_ngram_size, "no_repeat_ngram_size")


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
        against: the wrong target languages, `source` for the one that a sentence is in; the one that is asked
            for is never among them.
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
        weight: of the logarithms that are added.
        first_tokens: so many tokens of an answer it is on; None: all of them.
    """

    weight: float = 2.0
    first_tokens: int | None = None

    def __post_init__(self) -> None:
        _at_least_one(self.first_tokens)
        if self.weight < 0:
            raise UserError(f"the weight of a prior must not be negative, and is {self.weight}")


@dataclass(frozen=True, slots=True)
class Boosting:
    """Boosting of tokens of the wanted language: see `translation/boosting.py`.

    Attributes:
        boost: nats that are added to them.
        unsure_below: only where the best token of the language and the best other one differ by at most this
            in probability; None: always.
        first_tokens: so many tokens of an answer are boosted; None: all of them.
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
        decay: what a source goes on with by itself counts decay^t at the t-th token.
    """

    decay: float = 0.3

    def __post_init__(self) -> None:
        if not 0 <= self.decay < 1:
            raise UserError(f"decay must be at least 0 and below 1, not {self.decay}")


OnTarget = Callable[[Sequence[str], Sequence[Direction]], Sequence[bool]]
"""Whether each text is in the language that its direction asks for."""


@dataclass(frozen=True, slots=True, eq=False)
class Rerank:
    """Re-ranking by language identification, and a second try: see `translation/rerank.py`.

    Attributes:
        on_target: by language identification, which is not this room's.
        retry: what has no hypothesis on target is asked again, through this language; None: it stays.
    """

    on_target: OnTarget
    retry: Language | None = None


@dataclass(frozen=True, slots=True, eq=False)
class LanguageText:
    """Lines of each language, from which a system learns what answers in it look like."""

    lines: Mapping[Language, Sequence[str]]


def _at_least_one(first_tokens: int | None) -> None:
    if first_tokens is not None and first_tokens < 1:
        raise UserError(f"first_tokens must be at least 1, not {first_tokens}")


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
        prior: a language prior on tokens, if any.
        boosting: boosting of tokens of the wanted language, if any.
        anti_lm: Anti-LM decoding, if any.
        text: what a prior and boosting learn from.
        pivot: translate into this language first, and from there; direct where it is a side of the direction.
        rerank: re-ranking of the beam's hypotheses, if any.
        decoding: the search.
    """

    id: str
    template: PromptTemplate
    post_instruction: bool = False
    prompt_in_target: bool = False
    demonstrations: Mapping[Direction, tuple[Translation, ...]] = field(default_factory=dict)
    contrast: Contrast | None = None
    prior: Prior | None = None
    boosting: Boosting | None = None
    anti_lm: AntiLanguageModel | None = None
    text: LanguageText | None = None
    pivot: Language | None = None
    rerank: Rerank | None = None
    decoding: Decoding = Decoding()

    def __post_init__(self) -> None:
        if (self.prior or self.boosting) and not (self.text and self.text.lines):
            raise UserError(f"the system '{self.id}' learns from text of each language; give it some")
