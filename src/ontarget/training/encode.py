"""Samples to ids.

Prompt and response are encoded apart, so that the boundary between them is a number, not a search.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ontarget.languages import Language
from ontarget.prompts.encode import FastTokenizer, encode_prompt, encode_response
from ontarget.samples.sample import Sample

# A beginning does not tell the language where the asked one begins lines with it this often, as a share
# of how often the other does: at 1/4 it is the other language's in at most four cases out of five.
_SHARED_START = 0.25
_LONGEST_START = 3  # tokens that are looked at, from the first letter on


@dataclass(frozen=True, slots=True)
class Encoded:
    """One sample as ids.

    Attributes:
        ids: prompt and response.
        response: where the response begins in `ids`.
        bears_weight: for each response token, whether it counts in the loss.
        sign: +1 for likelihood, -1 for unlikelihood.
    """

    ids: list[int]
    response: int
    bears_weight: list[bool]
    sign: Literal[1, -1]


class Encoder:
    """Encodes samples for one tokenizer, and counts what it had to leave out.

    Attributes:
        dropped: samples left out because no response token that bears weight fitted into `max_length`.
        truncated: samples whose response was cut.
        ambiguous: unlikelihood samples left out because their beginning does not tell the language, or
            because no token carries a letter.
    """

    def __init__(
        self,
        tokenizer: FastTokenizer,
        separator: str,
        max_length: int,
        lines: Mapping[Language, Sequence[str]],
        end: str = "",
    ) -> None:
        """`lines` are texts of each language, from which the ways to begin an answer are learnt.

        `end` is what a chat writes after an answer, see `end_id`.
        """
        self.end = end
        self.tokenizer, self.separator, self.max_length = tokenizer, separator, max_length
        self.dropped = self.truncated = self.ambiguous = 0
        self._starts = {language: self._beginnings(texts) for language, texts in lines.items()}

    def encode(self, sample: Sample) -> Encoded | None:
        """The sample as ids, or None where nothing of it is left to learn from (counted)."""
        if not sample.response.strip():
            self.dropped += 1
            return None
        prompt = encode_prompt(self.tokenizer, sample.prompt)
        # A document is no answer to a prompt: nothing separates it from the beginning.
        separator = self.separator if sample.prompt else ""
        response = encode_response(self.tokenizer, sample.response, separator, eos=sample.eos, end=self.end)
        if not prompt:  # no BOS and no prompt: nothing predicts the first token
            prompt, response = response[:1], response[1:]
        if sample.tokens == "first":
            telling = self._telling(response, sample, separator)
            if telling is None:
                self.ambiguous += 1
                return None
            # Nothing after it bears weight: a causal model needs no more than this to be told off.
            response, bears_weight = response[: telling + 1], [False] * telling + [True]
        else:
            bears_weight = [True] * len(response)
        room = self.max_length - len(prompt)
        if len(response) > room:
            end = response[-1:] if sample.eos and sample.tokens == "all" else []
            response = response[: max(room - len(end), 0)]
            bears_weight = bears_weight[: len(response)] + [True] * len(end)
            if not any(bears_weight[: len(response)]):
                self.dropped += 1
                return None
            response += end
            self.truncated += 1
        return Encoded(prompt + response, len(prompt), bears_weight, sample.sign)

    def _first_letter(self, ids: list[int], text: str, separator: str) -> int | None:
        """Index of the token that brings the first letter.

        Bytes of a letter that more tokens complete count.
        """
        letter = next((i for i, character in enumerate(text) if character.isalpha()), None)
        if letter is None:
            return None
        before = len((separator + text[:letter]).strip())
        for index in range(len(ids)):
            decoded = self.tokenizer.decode(ids[: index + 1]).strip()
            complete = decoded.rstrip("\ufffd")
            if len(complete) > before or (len(complete) == before and complete != decoded):
                return index
        return None

    def _telling(self, response: list[int], sample: Sample, separator: str) -> int | None:
        """Index of the first token that tells the language of the response from the one asked for.

        Up to it the answer in the asked language could as well read the same: a name, copied from the source
        as it is written, or a beginning that both languages share. None where that is so for long.
        """
        first = self._first_letter(response, sample.response, separator)
        if first is None:
            return None
        word = next(word for word in sample.response.split() if any(c.isalpha() for c in word))
        if word in sample.source.split():
            return None
        for length in range(1, min(_LONGEST_START, len(response) - first - sample.eos) + 1):
            start = tuple(response[first : first + length])
            asked, produced = (self._share(start, language) for language in (sample.asked, sample.produced))
            if asked == 0 or asked < _SHARED_START * produced:
                return first + length - 1
        return None

    def _share(self, start: tuple[int, ...], language: Language | None) -> float:
        """Share of the lines of a language that begin with these tokens; 0 where no lines are known."""
        starts = self._starts.get(language) if language else None
        return starts[start] / starts[()] if starts else 0.0

    def _beginnings(self, texts: Sequence[str]) -> Counter[tuple[int, ...]]:
        counts: Counter[tuple[int, ...]] = Counter()
        for text in texts:
            ids = encode_response(self.tokenizer, text, self.separator, eos=False)
            first = self._first_letter(ids, text, self.separator)
            if first is not None:
                longest = min(_LONGEST_START, len(ids) - first)
                counts.update(tuple(ids[first : first + length]) for length in range(longest + 1))
        return counts
