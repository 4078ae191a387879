"""A system: the prompt, decoding and score adjustments that turn a model into a row of the results table."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ontarget.corpora.corpus import Translation
from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.prompts.segment import Prompt
from ontarget.prompts.template import PromptTemplate
from ontarget.settings.decoding import AntiLanguageModel, Boosting, Contrast, Decoding, Prior

Terms = tuple[tuple[str, str], ...]
"""Terms of a glossary that a text has, each with its translation."""


@dataclass(frozen=True, slots=True)
class Request:
    """A text and its direction.

    Attributes:
        source: the text.
        direction: from which language into which.
        terms: terms in the text with their translations, for templates whose prompt has a place for them.
    """

    source: str
    direction: Direction
    terms: Terms = ()


def direction_between(source: str | Language, target: str | Language) -> Direction:
    """The direction between two languages, given as languages or codes.

    Raises:
        UserError: a language is unknown, or both are the same.
    """
    sides = [side if isinstance(side, Language) else Language(side) for side in (source, target)]
    direction = Direction(*sides)
    if direction.source == direction.target:
        raise UserError(f"source and target are both {direction.source}; name two languages")
    return direction


OnTarget = Callable[[Sequence[str], Sequence[Direction]], Sequence[bool]]
"""Whether each text is in the target language of its direction."""


@dataclass(frozen=True, slots=True, eq=False)
class Rerank:
    """Re-ranking by language identification, and a retry: see `translation/rerank.py`.

    Attributes:
        on_target: language identification, which is passed in because it belongs to `scoring`.
        retry: sources without a hypothesis on target are translated again through this language; None: no
            retry.
    """

    on_target: OnTarget
    retry: Language | None = None


@dataclass(frozen=True, slots=True, eq=False)
class LanguageText:
    """Lines of each language, from which a system learns the tokens of outputs in this language."""

    lines: Mapping[Language, Sequence[str]]


@dataclass(frozen=True, slots=True)
class System:
    """A way to translate with a model: prompt, decoding and score adjustments.

    Attributes:
        id: the name in files and tables, such as `mt` or `5-shot`.
        template: the layout of the prompt.
        post_instruction: whether the instruction follows the input (Liu et al. 2308.12097).
        prompt_in_target: whether the whole prompt is in the target language (PTL).
        demonstrations: for each direction the translations that its prompts show first (few-shot).
        contrast: contrastive decoding, if any.
        prior: a language prior on tokens, if any.
        boosting: boosting of tokens of the target language, if any.
        anti_lm: Anti-LM decoding, if any.
        text: the text that a prior and boosting learn from.
        pivot: translate into this language first, and from there into the target; directly if it is a side of
            the direction.
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
    decoding: Decoding = field(default_factory=Decoding)

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
        terms=request.terms if system.template.terms else (),
    )
