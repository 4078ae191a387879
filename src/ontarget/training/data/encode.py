"""Encodes samples to token ids, with the share of each response token in the loss.

Prompt and response are encoded separately, so that the boundary between them is known.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from typing import Literal

from ontarget.languages import Language
from ontarget.prompts.encode import FastTokenizer, encode_prompt, encode_response
from ontarget.samples.sample import Sample
from ontarget.samples.weighting import ALL
from ontarget.text import is_empty
from ontarget.training.data.language_cues import LanguageCues
from ontarget.training.data.token_weighting import TokenFrequencies


@dataclass(frozen=True, slots=True)
class Encoded:
    """A sample as token ids.

    Attributes:
        ids: prompt and response.
        response: index in `ids` at which the response begins.
        shares: share of each response token in the sample's weight, [0, 1]; 0 leaves it out of the loss.
        sign: +1 for likelihood, -1 for unlikelihood.
    """

    ids: list[int]
    response: int
    shares: list[float]
    sign: Literal[1, -1]


class Encoder:
    """Encodes samples for one tokenizer, and counts those that it leaves out.

    Attributes:
        dropped: number of samples left out because no weighted response token fits into `max_length`.
        truncated: number of samples whose response was cut.
        ambiguous: number of unlikelihood samples left out because no token with a letter indicates the
            language.
    """

    def __init__(
        self,
        tokenizer: FastTokenizer,
        separator: str,
        max_length: int,
        lines: Mapping[Language, Sequence[str]],
        end: str = "",
    ) -> None:
        """Makes an encoder.

        Args:
            tokenizer: the tokenizer.
            separator: the text between prompt and response.
            max_length: maximum number of tokens of a sample.
            lines: texts of each language, from which their differences are learnt.
            end: a chat template's end of turn; see `end_id`.
        """
        self.end = end
        self.tokenizer, self.separator, self.max_length = tokenizer, separator, max_length
        self.dropped = self.truncated = self.ambiguous = 0
        self._cues, self._lines = LanguageCues(tokenizer, separator, lines), lines

    def encode(self, sample: Sample) -> Encoded | None:
        """The sample as ids, or None (which is counted) if it has nothing left to learn from."""
        if is_empty(sample.response):
            self.dropped += 1
            return None
        prompt = encode_prompt(self.tokenizer, sample.prompt)
        # A document has no prompt, so no separator either.
        separator = self.separator if sample.prompt else ""
        ends = sample.eos and sample.weighting.tokens == "all"  # an end token does not indicate a language
        response = encode_response(self.tokenizer, sample.response, separator, eos=ends, end=self.end)
        if not prompt:  # without BOS and prompt nothing predicts the first token
            prompt, response = response[:1], response[1:]
        shares = [1.0] * len(response)
        if sample.weighting != ALL:
            of_text = self._shares(response[: len(response) - ends], sample, separator)
            if not any(of_text):
                self.ambiguous += 1
                return None
            # Tokens after the last weighted one can be left out, since the model is causal.
            shares = _without_tail(of_text + [1.0] * ends)
            response = response[: len(shares)]
        room = self.max_length - len(prompt)
        if len(response) > room:
            end = response[-1:] if ends else []
            response = response[: max(room - len(end), 0)]
            shares = shares[: len(response)]
            if not any(shares):
                self.dropped += 1
                return None
            response, shares = response + end, shares + [1.0] * len(end)
            self.truncated += 1
        return Encoded(prompt + response, len(prompt), shares, sample.sign)

    @cached_property
    def _frequencies(self) -> TokenFrequencies:
        return TokenFrequencies(self.tokenizer, self.separator, self._lines)

    def _shares(self, response: Sequence[int], sample: Sample, separator: str) -> list[float]:
        """The share of each token of the text, by the sample's weighting; 0 for digits and punctuation."""
        weighting = sample.weighting
        letters = [self._cues.carries_letter(id) for id in response]
        if weighting.tokens == "all":
            shares = [float(letter) for letter in letters]
        else:
            first = self._cues.first(response, sample, separator)
            if first is None:
                return []
            numbers = count()
            shares = [
                weighting.share(next(numbers)) if index == first or (letter and index > first) else 0.0
                for index, letter in enumerate(letters)
            ]
        if weighting.token_weighting == "text":
            reveals = self._frequencies.reveals
            shares = [
                share and share * reveals(id, sample.produced, sample.asked)
                for share, id in zip(shares, response, strict=True)
            ]
        return shares


def _without_tail(shares: Sequence[float]) -> list[float]:
    return list(shares[: max(index for index, share in enumerate(shares) if share) + 1])
