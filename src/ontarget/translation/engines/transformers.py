"""The engine that runs a Hugging Face model in this process."""

import logging
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Self

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from ontarget.checkpoints.context import context_of
from ontarget.checkpoints.vocabulary import check_ids
from ontarget.hardware import return_freed_memory
from ontarget.prompts.encode import encode_prompt
from ontarget.prompts.segment import Prompt
from ontarget.settings.decoding import Decoding, Precision
from ontarget.translation.adjustment import Adjuster
from ontarget.translation.checkpoint import load_checkpoint
from ontarget.translation.engines.adjusted import AdjustedAlike, AdjustedContinuations
from ontarget.translation.engines.generation import EndOfText, Generation
from ontarget.translation.engines.grouped_attention import group_queries
from ontarget.translation.engines.joined_layers import join_layers
from ontarget.translation.engines.packed_linear import pack_linear_layers
from ontarget.translation.engines.protocol import Capability, Progress
from ontarget.translation.engines.running_batch import BatchLimits, DecodedRow, RunningBatch
from ontarget.translation.engines.sample import WIDTH, sample
from ontarget.translation.engines.steps import Steps
from ontarget.translation.hypothesis import Hypothesis

_LOG = logging.getLogger(__name__)
_CPU_CACHE_BYTES = 2**31
_CPU_ROWS, _GPU_ROWS = 64, 512  # larger batches are not faster; on a CPU they no longer fit into its caches
_CPU_PREFILL, _GPU_PREFILL = 2048, 16_384  # tokens


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
        self.vocabulary: int = model.get_output_embeddings().out_features
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
        speed_up_decoding(loaded)
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
        generation = self.begin(
            prompts,
            decoding,
            count=count,
            stop=stop,
            end=end,
            one_line=one_line,
            adjusters=adjusters,
        )
        done = generation.done
        for _ in self.apart(generation) if generation.alone else self._together(generation):
            if progress is not None and generation.done > done:
                progress(generation.done, len(prompts))
            done = generation.done
        if generation.alone:  # a running batch does so itself
            return_freed_memory()
        return generation.hypotheses

    def begin(
        self,
        prompts: Sequence[Prompt],
        decoding: Decoding,
        *,
        count: int = 1,
        stop: Sequence[str] = (),
        end: str = "",
        one_line: bool = True,
        adjusters: Sequence[Adjuster] = (),
    ) -> Generation:
        """Encodes and checks the prompts of a call of `generate`, which has the arguments and errors.

        `rows` of the result may then be added to a `running_batch`; or `apart` does the work.
        """
        ids = [self.encode(prompt) for prompt in prompts]
        beside = [[adjuster.prompts[i] for adjuster in adjusters] for i in range(len(ids))]
        check_ids(chain(*ids, *chain(*chain(*beside))), self.tokenizer, self.vocabulary)
        end_of_text = EndOfText(self.model, self.tokenizer, self._end_ids, tuple(stop), end)
        generation = Generation(
            ids, decoding, self.context, end_of_text, count, one_line, tuple(adjusters), beside
        )
        self._warn_of_long(generation.lengths)
        return generation

    def running_batch(self, generation: Generation, *, shared: bool = False) -> RunningBatch:
        """A batch without rows, for those of this call and of others with the same `Generation.key`."""
        cuda = self.model.device.type == "cuda"
        rows, prefill = (_GPU_ROWS, _GPU_PREFILL) if cuda else (_CPU_ROWS, _CPU_PREFILL)
        budget = self._token_budget()
        # Alone, nobody waits for a step, so prompts are read together as far as memory allows.
        limits = BatchLimits(rows, budget, prefill if shared else budget, shared)
        return RunningBatch(self.model, generation.decoding, generation.end.ends, limits)

    def rows(self, generation: Generation) -> list[DecodedRow]:
        """The prompts to decode, in a good order: those that begin alike are together, the longest first."""
        return [
            DecodedRow(
                generation,
                i,
                generation.ids[i],
                generation.rooms[i],
                generation.beside[i],
                generation.adjusters,
            )
            for i, _ in self._ordered(generation)
        ]

    def _together(self, generation: Generation) -> Iterator[None]:
        batch = self.running_batch(generation)
        batch.add(self.rows(generation))
        while batch.busy:
            for row, found in batch.step():
                generation.finish(row.place, found)
            yield

    def apart(self, generation: Generation) -> Steps[None]:
        """Samples in batches of its own that nobody joins."""
        sampling, ends = generation.decoding.sampling, generation.end.ends
        assert sampling is not None
        for batch in self._batches(generation):
            ids = [generation.ids[i] for i in batch]
            adjustments = [adjuster.of(batch, ends.ids) for adjuster in generation.adjusters]
            part = AdjustedAlike(ids, [generation.beside[i] for i in batch], adjustments)
            found = yield from sample(
                AdjustedContinuations.of(self.model, [part]),
                [generation.rooms[i] for i in batch],
                generation.decoding,
                ends,
                count=generation.count,
                width=min(WIDTH, self.vocabulary),
                seeds=[f"{sampling.seed}:{prompt}" for prompt in ids],
            )
            for i, of_one in zip(batch, found, strict=True):
                generation.finish(i, of_one)
            yield

    def _ordered(self, generation: Generation) -> list[tuple[int, tuple[int, ...]]]:
        """The prompts with room, each with a key that is the same for those that fit into a batch.

        Prompts with the same beginning are together. The longest of them come first, so that a lack of memory
        shows at once.
        """
        ids = generation.ids
        fitting = [i for i, room in enumerate(generation.rooms) if room > 0]
        depth = min((len(ids[i]) for i in fitting), default=0) // 2
        beginnings = [tuple(prompt[:depth]) for prompt in ids]
        # With few prompts for each beginning, batches would be small.
        if len({beginnings[i] for i in fitting}) * 16 > len(fitting):
            beginnings = [()] * len(ids)
        return [(i, beginnings[i]) for i in sorted(fitting, key=lambda i: (beginnings[i], -len(ids[i])))]

    def _batches(self, generation: Generation) -> Iterator[list[int]]:
        """Indices of the prompts of each batch: of similar length, and with the same beginning."""
        ids, beside, rooms = generation.ids, generation.beside, generation.rooms
        draws = generation.count
        budget = self._token_budget()
        most = _GPU_ROWS if self.model.device.type == "cuda" else _CPU_ROWS
        batch: list[int] = []
        of_batch: tuple[int, ...] = ()
        for i, key in self._ordered(generation):
            longest = max(
                len(one) for j in [*batch[:1], i] for one in (ids[j], *chain.from_iterable(beside[j]))
            )
            rows = sum(1 + sum(map(len, beside[j])) for j in (*batch, i))
            room = max(rooms[j] for j in (*batch, i))
            full = len(batch) == most or rows * (longest + draws * room) > budget
            if batch and (full or key != of_batch):
                yield batch
                batch = []
            batch.append(i)
            of_batch = key
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
        free = 0.5 * torch.cuda.mem_get_info()[0] if self.model.device.type == "cuda" else _CPU_CACHE_BYTES
        return int(free // token)


def speed_up_decoding(model: PreTrainedModel) -> None:
    """Replaces the parts of a model for which there are faster ones of our own; it can then only decode."""
    join_layers(model)
    group_queries(model)
    pack_linear_layers(model)
