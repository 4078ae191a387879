"""A training sample: a prompt, a response, and whether to learn or unlearn the response."""

from dataclasses import dataclass
from typing import Literal

from ontarget.languages import Language
from ontarget.prompts.segment import Prompt
from ontarget.samples.weighting import ALL, Weighting


@dataclass(frozen=True, slots=True)
class Sample:
    """One training sample.

    Attributes:
        prompt: the prompt; empty for pretraining.
        response: the text to learn (sign +1) or unlearn (sign -1), literally, without separator and end
            token.
        sign: +1 for likelihood, -1 for unlikelihood.
        weighting: the weights of the response tokens.
        eos: whether an end-of-sequence token follows the response; it has weight if all tokens do.
        asked: the language that the prompt requests.
        produced: the language of the response.
        source: the text to translate, from which names and numbers may be copied; if the response is a copy
            of the source, the translation.
    """

    prompt: Prompt
    response: str
    sign: Literal[1, -1] = 1
    weighting: Weighting = ALL
    eos: bool = True
    asked: Language | None = None
    produced: Language | None = None
    source: str = ""
