"""What a model learns from: a prompt, a response, and whether to learn or to unlearn it."""

from dataclasses import dataclass
from typing import Literal

from ontarget.languages import Language
from ontarget.prompts.segment import Prompt
from ontarget.samples.weighting import ALL, Weighting


@dataclass(frozen=True, slots=True)
class Sample:
    """One training sample.

    Attributes:
        prompt: what the model is given. Empty for plain language modelling.
        response: what it is to say (sign +1) or must not say (sign -1). Literal text, no separator, no end
            token.
        sign: +1 for likelihood, -1 for unlikelihood.
        weighting: which response tokens bear weight, and how much.
        eos: whether an end-of-sequence token follows the response, and bears weight where all tokens do.
        asked: the language that the prompt asks for.
        produced: the language that the response is in.
        source: the text to translate, from which names and numbers may be copied (of a response that is a
            copy: the translation).
    """

    prompt: Prompt
    response: str
    sign: Literal[1, -1] = 1
    weighting: Weighting = ALL
    eos: bool = True
    asked: Language | None = None
    produced: Language | None = None
    source: str = ""
