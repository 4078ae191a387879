"""Samples to ids.

Prompt and response are encoded apart, so that the boundary between them is a number, not a search.
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
from ontarget.training.data.language_cues import Telling
from ontarget.training.data.token_weighting import Lexicon


@dataclass(frozen=True, slots=True)
class Encoded:
    """One sample as ids.

    Attributes:
        ids: prompt and response.
        response: where the response begins in `ids`.
        shares: of each response token in the sample's weight, [0, 1]; 0 leaves it out of the loss.
        sign: +1 for likelihood, -1 for unlikelihood.
    """

    ids: list[int]
    response: int
    shares: list[float]
    sign: Literal[1, -1]


class Encoder:
    """Encodes samples for one tokenizer, and counts what it had to leave out.

    Attributes:
        dropped: samples left out because no response token that bears weight fitted into `max_length`.
        truncated: samples whose response was cut.
        ambiguous: unlikelihood samples left out because their beginning does not tell the language, or
            because no token carries a letter, or reveals anything.
    """

    def __init__(
        self,
        tokenizer: FastTokenizer,
        separator: str,
        max_length: int,
        lines: Mapping[Language, Sequence[str]],
        end: str = "",
    ) -> None:
        """`lines` are texts of each language, from which is learnt what tells them apart.

        `end` is what a chat writes after an answer, see `end_id`.
        """
        self.end = end
        self.tokenizer, self.separator, self.max_length = tokenizer, separator, max_length
        self.dropped = self.truncated = self.ambiguous = 0
        self._telling, self._lines = Telling(tokenizer, separator, lines), lines

    def encode(self, sample: Sample) -> Encoded | None:
        """The sample as ids, or None where nothing of it is left to learn from (counted)."""
        if is_empty(sample.response):
            self.dropped += 1
            return None
        prompt = encode_prompt(self.tokenizer, sample.prompt)
        # A document is no answer to a prompt: nothing separates it from the beginning.
        separator = self.separator if sample.prompt else ""
        ends = sample.eos and sample.weighting.tokens == "all"  # an end token tells no language
        response = encode_response(self.tokenizer, sample.response, separator, eos=ends, end=self.end)
        if not prompt:  # no BOS and no prompt: nothing predicts the first token
            prompt, response = response[:1], response[1:]
        shares = [1.0] * len(response)
        if sample.weighting != ALL:
            of_text = self._shares(response[: len(response) - ends], sample, separator)
            if not any(of_text):
                self.ambiguous += 1
                return None
            # Behind the last of them nothing bears weight: a causal model needs no more to be told off.
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
    def _lexicon(self) -> Lexicon:
        return Lexicon(self.tokenizer, self.separator, self._lines)

    def _shares(self, response: Sequence[int], sample: Sample, separator: str) -> list[float]:
        """Of each token of the text, by the sample's weighting. Digits and punctuation tell no language."""
        weighting = sample.weighting
        letters = [self._telling.carries_letter(id) for id in response]
        if weighting.tokens == "all":
            shares = [float(letter) for letter in letters]
        else:
            first = self._telling.first(response, sample, separator)
            if first is None:
                return []
            numbers = count()
            shares = [
                weighting.share(next(numbers)) if index == first or (letter and index > first) else 0.0
                for index, letter in enumerate(letters)
            ]
        if weighting.token_weighting == "text":
            reveals = self._lexicon.reveals
            shares = [
                share and share * reveals(id, sample.produced, sample.asked)
                for share, id in zip(shares, response, strict=True)
            ]
        return shares


def _without_tail(shares: Sequence[float]) -> list[float]:
    return list(shares[: max(index for index, share in enumerate(shares) if share) + 1])
