"""The engine that runs a Hugging Face model in this process."""

import logging
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Literal, Self

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from ontarget.checkpoints.context import context_of
from ontarget.checkpoints.vocabulary import check_ids
from ontarget.errors import UserError
from ontarget.prompts.encode import encode_prompt, turn_end_id
from ontarget.prompts.segment import Prompt
from ontarget.settings.decoding import Decoding, Precision
from ontarget.translation.adjustment import Adjuster
from ontarget.translation.checkpoint import load_checkpoint
from ontarget.translation.engines.adjusted import AdjustedContinuations
from ontarget.translation.engines.beam import Ends, Found, beam_search
from ontarget.translation.engines.grouped_attention import group_queries
from ontarget.translation.engines.output_text import before_stop, output_text
from ontarget.translation.engines.protocol import Capability, Progress
from ontarget.translation.engines.sample import WIDTH, sample
from ontarget.translation.engines.tree import TokenTree
from ontarget.translation.hypothesis import Hypothesis

_LOG = logging.getLogger(__name__)
_CPU_CACHE_BYTES = 2**31
_CPU_ROWS, _GPU_ROWS = 64, 512  # larger batches are not faster; on a CPU they no longer fit into its caches


class TransformersEngine:
    """A model of Transformers with our own beam search (tree.py gives the reason). See `TokenEngine`.

    Args:
        model: a causal LM, on its device.
        tokenizer: its tokenizer, which is not changed.

    Attributes:
        vocabulary: the number of token ids that the model scores.
        context: the number of tokens that the model takes, prompt and output together.
    """

    name = "transformers"
    capabilities = frozenset(Capability)

    def __init__(self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast) -> None:
        self.model = model
        self.tokenizer = tokenizer
        self.context = context_of(model.config)
        # Of the checkpoint's generation settings only the end tokens apply, not temperature and the like.
        configured = model.generation_config.eos_token_id if model.generation_config is not None else None
        ends = configured if isinstance(configured, list) else [configured]
        self.vocabulary: int = model.get_output_embeddings().weight.shape[0]
        ids = {id for id in [tokenizer.eos_token_id, *ends] if id is not None}
        self._end_ids = sorted(id for id in ids if 0 <= id < self.vocabulary)  # no others are ever scored

    @classmethod
    def load(
        cls, model: str | Path, *, trust_remote_code: bool = False, precision: Precision = "auto"
    ) -> Self:
        """Loads a model from a directory, or by its name on the Hugging Face Hub.

        Raises:
            UserError: the model does not exist, or ontarget cannot use it.
        """
        loaded, tokenizer = load_checkpoint(model, trust_remote_code=trust_remote_code, precision=precision)
        group_queries(loaded)
        return cls(loaded, tokenizer)

    def encode(self, prompt: Prompt) -> list[int]:
        """The token ids of a prompt, whose control tokens come from its trusted segments alone."""
        return encode_prompt(self.tokenizer, prompt)

    def generate(
        self,
        prompts: Sequence[Prompt],
        decoding: Decoding,
        *,
        count: int = 1,
        stop: Sequence[str] = (),
        end: str = "",
        one_line: bool = True,
        adjusters: Sequence[Adjuster] = (),
        progress: Progress | None = None,
    ) -> list[list[Hypothesis]]:
        """See `Engine`.

        An output begins after the prompt's token ids, so no text of a prompt can be mistaken for it. It ends
        at the latest where the model's context ends. A prompt gets the finish reason `too-long` if it, or one
        that is read beside it, leaves no room in the context. In fp32, the hypotheses of a prompt do not
        depend on the other prompts.

        Raises:
            UserError: a prompt has a token without an embedding, or the model's scores are NaN.
        """
        ids_of = [self.encode(prompt) for prompt in prompts]
        end_ids = self._with_end_of_turn(end)
        ends = Ends(torch.tensor(end_ids, dtype=torch.long, device=self.model.device))
        if stop:
            last = _last_of_stop(self.tokenizer, self.vocabulary, tuple(stop))
            ends = Ends(
                ends.ids,
                last.to(self.model.device),
                lambda tokens: before_stop(self._decode(tokens, end_ids), stop) is not None,
            )
        beside = [[adjuster.prompts[i] for adjuster in adjusters] for i in range(len(ids_of))]
        longest = [
            max(len(ids) for ids in (own, *chain.from_iterable(of_one)))
            for own, of_one in zip(ids_of, beside, strict=True)
        ]
        check_ids(chain(*ids_of, *chain(*chain(*beside))), self.tokenizer, self.vocabulary)
        self._warn_of_long(longest)
        rooms = [self.context.room(length, decoding.max_new_tokens) for length in longest]
        hypotheses = [[Hypothesis("", "too-long", 0.0, 0, length)] for length in longest]
        done = sum(room < 1 for room in rooms)
        branches = decoding.num_beams if decoding.sampling is None else count
        for batch in self._batches(ids_of, beside, rooms, branches):
            rows = [ids for i in batch for ids in (ids_of[i], *chain.from_iterable(beside[i]))]
            tree = TokenTree(self.model, rows)
            scores = AdjustedContinuations(tree, [adjuster.of(batch, ends.ids) for adjuster in adjusters])
            of_batch = [rooms[i] for i in batch]
            if decoding.sampling is None:
                found = beam_search(scores, of_batch, decoding, ends)
            else:
                width = min(WIDTH, self.vocabulary)
                seeds = [f"{decoding.sampling.seed}:{ids_of[i]}" for i in batch]
                found = sample(scores, of_batch, decoding, ends, count=count, width=width, seeds=seeds)
            if not all(found):  # no score is greater than any other
                raise UserError(
                    f"the scores of the model '{self.model.name_or_path}' are not numbers (NaN): its weights "
                    f"are damaged, or too large for {self.model.dtype}; download them again"
                )
            for i, of_one in zip(batch, found, strict=True):
                hypotheses[i] = []
                for one in of_one[:count]:
                    text = output_text(self._decode(one.tokens, end_ids), stop, one_line)
                    hypotheses[i].append(_hypothesis(one, text, longest[i]))
            done += len(batch)
            if progress is not None:
                progress(done, len(prompts))
        return hypotheses

    def _with_end_of_turn(self, end: str) -> list[int]:
        """The end tokens and a chat's end of turn, which generation settings do not always name."""
        token = turn_end_id(self.tokenizer, end) if end else None
        return sorted({*self._end_ids, *([token] if token is not None and token < self.vocabulary else [])})

    def _batches(
        self,
        prompts: Sequence[list[int]],
        beside: Sequence[Sequence[Sequence[list[int]]]],
        rooms: Sequence[int],
        beam: int,
    ) -> Iterator[list[int]]:
        """Indices of the prompts of each batch: of similar length, and with the same beginning.

        The longest prompts come first, so that a lack of memory shows at once.

        Args:
            prompts: their token ids.
            beside: for each prompt, the prompts that each adjuster reads beside it. All prompts of a batch
                have the same number of them.
            rooms: maximum number of tokens of each output. Prompts without room are left out.
            beam: the width of the beam.
        """
        budget = self._token_budget()
        most = _GPU_ROWS if self.model.device.type == "cuda" else _CPU_ROWS
        fitting = [i for i, room in enumerate(rooms) if room > 0]
        depth = min((len(prompts[i]) for i in fitting), default=0) // 2
        beginnings = [tuple(prompt[:depth]) for prompt in prompts]
        # With few prompts for each beginning, batches would be small.
        if len({beginnings[i] for i in fitting}) * 16 > len(fitting):
            beginnings = [()] * len(prompts)

        def key(i: int) -> tuple[tuple[int, ...], tuple[int, ...], int]:
            return tuple(-len(of_one) for of_one in beside[i]), beginnings[i], -len(prompts[i])

        batch: list[int] = []
        for i in sorted(fitting, key=key):
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
        """Warns where the model can go on after its context, which some models do well for a few tokens."""
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
        """The number of tokens whose keys and values fit into memory."""
        config = self.model.config.get_text_config()
        heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
        size = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        token = 2 * config.num_hidden_layers * heads * size * self.model.dtype.itemsize
        free = 0.6 * torch.cuda.mem_get_info()[0] if self.model.device.type == "cuda" else _CPU_CACHE_BYTES
        return int(free // token)

    def _decode(self, tokens: Sequence[int], end_ids: Sequence[int]) -> str:
        ids = [id for id in tokens if id not in end_ids]
        text: str = self.tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return text


def _hypothesis(found: Found, text: str, prompt_tokens: int) -> Hypothesis:
    reason: Literal["stop", "length"] = "stop" if found.ended else "length"
    return Hypothesis(text, reason, found.score, len(found.tokens), prompt_tokens)


@lru_cache(maxsize=8)
def _last_of_stop(tokenizer: PreTrainedTokenizerFast, size: int, stop: tuple[str, ...]) -> torch.Tensor:
    """[vocabulary], whether a token has the last character of a stop sequence, or a part of a character."""
    last = {sequence[-1] for sequence in stop} | {"\ufffd"}
    texts = tokenizer.batch_decode([[id] for id in range(size)], clean_up_tokenization_spaces=False)
    return torch.tensor([not last.isdisjoint(text) for text in texts])
