"""A row of the results table: a model, how it is asked, and how its answer is searched for. No torch here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ontarget.corpora.corpus import Translation
from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.prompts.segment import Prompt
from ontarget.prompts.template import PromptTemplate
from ontarget.settings.decoding import AntiLanguageModel, Boosting, Contrast, Decoding, Prior


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


def prompt_of(system: System, request: Request, instruction: Direction | None = None) -> Prompt:
    """The prompt of a request; `instruction` replaces the direction that its instruction names."""
    direction = request.direction
    return system.template.render(
        request.source,
        instruction or direction,
        prompt_language=direction.target if system.prompt_in_target else Language("en"),
        post_instruction=system.post_instruction,
        demonstrations=system.demonstrations.get(direction, ()),
    )
