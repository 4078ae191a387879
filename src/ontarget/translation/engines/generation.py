"""One call of `generate`: its prompts as token ids, their room, and the hypotheses found so far."""

from collections.abc import Hashable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, Literal

import torch
from transformers import PreTrainedTokenizerFast

from ontarget.checkpoints.context import ContextWindow
from ontarget.errors import UserError
from ontarget.prompts.encode import turn_end_id
from ontarget.settings.decoding import Decoding
from ontarget.translation.adjustment import Adjuster
from ontarget.translation.engines.beam import Ends, Found
from ontarget.translation.engines.output_text import before_stop, output_text
from ontarget.translation.hypothesis import Hypothesis


class EndOfText:
    """What ends the outputs of a call, and their text up to there.

    Args:
        model: the model.
        tokenizer: its tokenizer.
        end_ids: end tokens of tokenizer and generation settings.
        stop: stop sequences.
        end: a chat template's end of turn, which generation settings do not always name.

    Attributes:
        ends: for the search.
        key: the same for calls whose outputs end alike.
        model: the model.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: PreTrainedTokenizerFast,
        end_ids: Sequence[int],
        stop: tuple[str, ...],
        end: str,
    ) -> None:
        self.model, self._tokenizer, self._stop = model, tokenizer, stop
        vocabulary: int = model.get_output_embeddings().out_features
        token = turn_end_id(tokenizer, end) if end else None
        self._ids = sorted({*end_ids, *([token] if token is not None and token < vocabulary else [])})
        self.key: Hashable = (stop, tuple(self._ids))
        self.ends = Ends(torch.tensor(self._ids, dtype=torch.long, device=model.device))
        if stop:
            last = _last_of_stop(tokenizer, vocabulary, stop).to(model.device)
            self.ends = Ends(
                self.ends.ids, last, lambda tokens: before_stop(self._decode(tokens), stop) is not None
            )

    def text(self, tokens: Sequence[int], one_line: bool) -> str:
        """The text of an output; with `one_line`, line breaks become spaces."""
        return output_text(self._decode(tokens), self._stop, one_line)

    def _decode(self, tokens: Sequence[int]) -> str:
        ids = [id for id in tokens if id not in self._ids]
        text: str = self._tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return text


class Generation:
    """One call of `generate`.

    Args:
        ids: the token ids of each prompt.
        decoding: the search, or sampling.
        context: the number of tokens that the model takes.
        end: what ends the outputs.
        count: maximum number of hypotheses for each prompt.
        one_line: whether line breaks in an output become spaces.
        adjusters: change the scores of tokens.
        beside: for each prompt, the prompts that each adjuster reads beside it.

    Attributes:
        lengths: of each prompt, or the longest one that is read beside it.
        rooms: maximum number of tokens of each output; below 1, the prompt does not fit.
        hypotheses: of each prompt; `too-long` until the others are found.
        done: the number of prompts that have their hypotheses.
    """

    def __init__(
        self,
        ids: Sequence[list[int]],
        decoding: Decoding,
        context: ContextWindow,
        end: EndOfText,
        count: int,
        one_line: bool,
        adjusters: Sequence[Adjuster],
        beside: Sequence[Sequence[Sequence[list[int]]]],
    ) -> None:
        self.ids, self.decoding, self.end, self.count = ids, decoding, end, count
        self.adjusters, self.beside, self._one_line = adjusters, beside, one_line
        self.lengths = [
            max(len(one) for one in (own, *(ids for of_one in others for ids in of_one)))
            for own, others in zip(ids, beside, strict=True)
        ]
        self.rooms = [context.room(length, decoding.max_new_tokens) for length in self.lengths]
        self.hypotheses = [[Hypothesis("", "too-long", 0.0, 0, length)] for length in self.lengths]
        self.done = sum(room < 1 for room in self.rooms)

    @property
    def alone(self) -> bool:
        """Whether its prompts cannot be decoded together with those of other calls."""
        return self.decoding.sampling is not None

    @property
    def key(self) -> Hashable:
        """The same for calls that can be decoded together."""
        return replace(self.decoding, max_new_tokens=1), self.end.key

    def finish(self, place: int, found: Sequence[Found]) -> None:
        """Takes what was found for a prompt, best first.

        Raises:
            UserError: nothing was found, since no score is greater than any other.
        """
        if not found:
            model = self.end.model
            raise UserError(
                f"the scores of the model '{model.name_or_path}' are not numbers (NaN): its weights "
                f"are damaged, or too large for {model.dtype}; download them again"
            )
        self.hypotheses[place] = [self._hypothesis(one, self.lengths[place]) for one in found[: self.count]]
        self.done += 1

    def _hypothesis(self, found: Found, prompt_tokens: int) -> Hypothesis:
        text = self.end.text(found.tokens, self._one_line)
        reason: Literal["stop", "length"] = "stop" if found.ended else "length"
        return Hypothesis(text, reason, found.score, len(found.tokens), prompt_tokens)


@lru_cache(maxsize=8)
def _last_of_stop(tokenizer: PreTrainedTokenizerFast, size: int, stop: tuple[str, ...]) -> torch.Tensor:
    """[vocabulary], whether a token has the last character of a stop sequence, or a part of a character."""
    last = {sequence[-1] for sequence in stop} | {"\ufffd"}
    texts = tokenizer.batch_decode([[id] for id in range(size)], clean_up_tokenization_spaces=False)
    return torch.tensor([not last.isdisjoint(text) for text in texts])
