"""A model that answers prompts, many at a time."""

import logging
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Literal, Self

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from ontarget.checkpoints.context import context_of
from ontarget.checkpoints.vocabulary import check_ids
from ontarget.errors import UserError
from ontarget.prompts.encode import turn_end_id
from ontarget.text import in_one_line
from ontarget.translation.adjustment import AdjustedContinuations, Adjuster
from ontarget.translation.beam import Ends, Found, beam_search
from ontarget.translation.checkpoint import Precision, load_checkpoint
from ontarget.translation.hypothesis import Hypothesis
from ontarget.translation.system import Decoding
from ontarget.translation.tree import TokenTree

Progress = Callable[[int, int], None]
"""Told after each batch how many requests are done, and how many there are."""

_LOG = logging.getLogger(__name__)
_CPU_CACHE_BYTES = 2**31
_CPU_ROWS, _GPU_ROWS = 64, 512  # more do not make it faster; on a processor its caches overflow


class Engine:
    """Transformers with a beam search of our own (see tree.py for why).

    Args:
        model: a causal LM, on its device.
        tokenizer: its tokenizer; its vocabulary stays as it is.

    Attributes:
        vocabulary: how many token ids the model scores.
        context: how many tokens the model takes, prompt and answer together.
    """

    def __init__(self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast) -> None:
        self.model = model
        self.tokenizer = tokenizer
        self.context = context_of(model.config)
        # Of the checkpoint's generation settings (temperature, ...) only the end tokens count.
        configured = model.generation_config.eos_token_id if model.generation_config is not None else None
        ends = configured if isinstance(configured, list) else [configured]
        self.vocabulary: int = model.get_output_embeddings().weight.shape[0]
        ids = {id for id in [tokenizer.eos_token_id, *ends] if id is not None}
        self._end_ids = sorted(id for id in ids if 0 <= id < self.vocabulary)  # no others are ever scored

    def end_turns_with(self, end: str) -> None:
        """Ends answers at a chat's own token, too: generation settings do not always name it."""
        token = turn_end_id(self.tokenizer, end)
        if token is not None and token < self.vocabulary and token not in self._end_ids:
            self._end_ids = sorted([*self._end_ids, token])

    @classmethod
    def load(
        cls, model: str | Path, *, trust_remote_code: bool = False, precision: Precision = "auto"
    ) -> Self:
        """The model in a directory, or of a name on the Hugging Face hub.

        Raises:
            UserError: there is no such model, or the directory holds none.
        """
        return cls(*load_checkpoint(model, trust_remote_code=trust_remote_code, precision=precision))

    def generate(
        self,
        prompts: Sequence[list[int]],
        decoding: Decoding,
        stop: Sequence[str] = (),
        adjusters: Sequence[Adjuster] = (),
        progress: Progress | None = None,
        one_line: bool = True,
    ) -> list[Hypothesis]:
        """The best answer to each prompt, in the order of the prompts.

        See `n_best` for the arguments.
        """
        several = self.n_best(prompts, decoding, stop, adjusters, progress, one_line, count=1)
        return [answers[0] for answers in several]

    def n_best(
        self,
        prompts: Sequence[list[int]],
        decoding: Decoding,
        stop: Sequence[str] = (),
        adjusters: Sequence[Adjuster] = (),
        progress: Progress | None = None,
        one_line: bool = True,
        count: int | None = None,
    ) -> list[list[Hypothesis]]:
        """The best answers to each prompt, best first; fewer where the search found no more.

        Answers are what comes after the prompt's ids, so nothing that a prompt says can be taken for one.
        In fp32 they do not depend on what else is asked for at the same time. An answer is cut where the
        model's context ends. A prompt that leaves no room in it, or one read beside it that leaves none, is
        not answered: it gets one hypothesis without text, whose finish reason is `too-long`.

        Args:
            prompts: token ids, none empty.
            decoding: the search.
            stop: an answer ends before the first of these strings.
            adjusters: what changes the scores of tokens (adjustment.py), if anything does.
            progress: called after each batch.
            one_line: line breaks of an answer become spaces.
            count: so many at most; None: as many as the beam is wide, which is the most there are.
        Raises:
            UserError: a prompt needs a token that the model has no embedding for, or scores are not numbers.
        """
        ends = Ends(torch.tensor(self._end_ids, dtype=torch.long, device=self.model.device))
        if stop:
            last = _last_of_stop(self.tokenizer, self.vocabulary, tuple(stop))
            ends = Ends(
                ends.ids,
                last.to(self.model.device),
                lambda tokens: _cut(self._decode(tokens), stop) is not None,
            )
        beside = [[adjuster.prompts[i] for adjuster in adjusters] for i in range(len(prompts))]
        longest = [
            max(len(ids) for ids in (prompt, *chain.from_iterable(of_one)))
            for prompt, of_one in zip(prompts, beside, strict=True)
        ]
        check_ids(chain(*prompts, *chain(*chain(*beside))), self.tokenizer, self.vocabulary)
        self._warn_of_long(longest)
        rooms = [self.context.room(length, decoding.max_new_tokens) for length in longest]
        hypotheses = [[Hypothesis("", "too-long", 0.0, 0, length)] for length in longest]
        done = sum(room < 1 for room in rooms)
        for batch in self._batches(prompts, beside, rooms, decoding.beam):
            asked = [ids for i in batch for ids in (prompts[i], *chain.from_iterable(beside[i]))]
            tree = TokenTree(self.model, asked)
            scores = AdjustedContinuations(tree, [adjuster.of(batch, ends.ids) for adjuster in adjusters])
            found = beam_search(scores, [rooms[i] for i in batch], decoding, ends)
            if not all(found):  # nothing is better than anything else
                raise UserError(
                    f"the scores of the model '{self.model.name_or_path}' are not numbers (NaN): its weights "
                    f"are damaged, or too large for {self.model.dtype}; download them again"
                )
            for i, answers in zip(batch, found, strict=True):
                hypotheses[i] = [
                    self._hypothesis(answer, stop, one_line, longest[i]) for answer in answers[:count]
                ]
            done += len(batch)
            if progress is not None:
                progress(done, len(prompts))
        return hypotheses

    def _batches(
        self,
        prompts: Sequence[list[int]],
        beside: Sequence[Sequence[Sequence[list[int]]]],
        rooms: Sequence[int],
        beam: int,
    ) -> Iterator[list[int]]:
        """Indices of prompts that are answered together: alike in length, alike in how they begin.

        `beside` are the prompts that each adjuster wants read beside each prompt: as many in all of a batch.
        `rooms` are the most tokens of their answers; without room there is none. The longest come first, so
        that memory that does not suffice is found out at once.
        """
        budget = self._token_budget()
        most = _GPU_ROWS if self.model.device.type == "cuda" else _CPU_ROWS
        answered = [i for i, room in enumerate(rooms) if room > 0]
        depth = min((len(prompts[i]) for i in answered), default=0) // 2
        beginnings = [tuple(prompt[:depth]) for prompt in prompts]
        # With too few prompts to a beginning, batches would be small.
        if len({beginnings[i] for i in answered}) * 16 > len(answered):
            beginnings = [()] * len(prompts)

        def key(i: int) -> tuple[tuple[int, ...], tuple[int, ...], int]:
            return tuple(-len(of_one) for of_one in beside[i]), beginnings[i], -len(prompts[i])

        batch: list[int] = []
        for i in sorted(answered, key=key):
            longest = max(
                len(ids) for j in [*batch[:1], i] for ids in (prompts[j], *chain.from_iterable(beside[j]))
            )
            rows = (len(batch) + 1) * (1 + sum(map(len, beside[i])))
            room = max(rooms[j] for j in (*batch, i))
            full = rows > most or rows * (longest + beam * room) > budget
            if batch and (full or key(i)[:2] != key(batch[0])[:2]):
                yield batch
                batch = []
            batch.append(i)
        if batch:
            yield batch

    def _warn_of_long(self, lengths: Sequence[int]) -> None:
        """Where positions can go on after the model's context; some models do well a little beyond it."""
        context = None if self.context.ends else self.context.tokens
        long = sum(length > context for length in lengths) if context else 0
        if long:
            _LOG.warning(
                "%d of %d texts are, with their prompts, longer than the model's %d tokens: split them",
                long,
                len(lengths),
                context,
            )

    def _token_budget(self) -> int:
        """Tokens whose keys and values fit into memory."""
        config = self.model.config.get_text_config()
        heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
        size = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        token = 2 * config.num_hidden_layers * heads * size * self.model.dtype.itemsize
        free = 0.6 * torch.cuda.mem_get_info()[0] if self.model.device.type == "cuda" else _CPU_CACHE_BYTES
        return int(free // token)

    def _hypothesis(
        self, found: Found, stop: Sequence[str], one_line: bool, prompt_tokens: int
    ) -> Hypothesis:
        text = self._decode(found.tokens)
        cut = _cut(text, stop)
        text = (text if cut is None else cut).strip()
        text = in_one_line(text) if one_line else text
        reason: Literal["stop", "length"] = "stop" if found.ended else "length"
        return Hypothesis(text, reason, found.score, len(found.tokens), prompt_tokens)

    def _decode(self, tokens: Sequence[int]) -> str:
        ids = [id for id in tokens if id not in self._end_ids]
        text: str = self.tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return text


def _cut(text: str, stop: Sequence[str]) -> str | None:
    """What comes before the first stop sequence; None if there is none."""
    found = [place for sequence in stop if (place := text.find(sequence)) >= 0]
    return text[: min(found)] if found else None


@lru_cache(maxsize=8)
def _last_of_stop(tokenizer: PreTrainedTokenizerFast, size: int, stop: tuple[str, ...]) -> torch.Tensor:
    """[vocabulary], whether a token holds the last character of a stop sequence, or a part of a character."""
    last = {sequence[-1] for sequence in stop} | {"\ufffd"}
    texts = tokenizer.batch_decode([[id] for id in range(size)], clean_up_tokenization_spaces=False)
    return torch.tensor([not last.isdisjoint(text) for text in texts])
