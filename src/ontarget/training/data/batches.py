"""The optimizer steps of a stage: their samples, in micro-batches, with weights.

All steps are determined before the stage begins.
"""

import hashlib
import random
from collections.abc import Callable, Collection, Sequence
from typing import NotRequired, TypedDict

import torch
from torch import Tensor
from torch.utils.data import Dataset

from ontarget.hardware import has_gpu, prefers_bf16
from ontarget.samples.groups import Draw
from ontarget.samples.sample import Sample
from ontarget.settings.tuning import Tuning
from ontarget.training.data.encode import Encoded, Encoder
from ontarget.training.data.encoded_cache import Encode, Pass, encode_pass
from ontarget.training.data.weights import signed_weights
from ontarget.training.distributed.processes import Share

Weighed = tuple[Encoded, list[float]]
Unit = list[Weighed]  # samples that must stay in one micro-batch
Cut = Callable[[Sequence[Weighed], int], list[list[Weighed]]]  # a batch, tokens of a micro-batch

_SHOWN = 40  # characters of a text in an error message
# Lengths are padded to a multiple. On a CPU each new shape takes memory permanently: its kernels stay in a
# cache, and blocks of rare sizes fragment the heap. GPUs multiply such lengths faster.
ROUND = 8


class MicroBatch(TypedDict):
    """The input of a forward pass; shapes are [samples, tokens].

    `labels[t]` and `weights[t]` belong to the token after t.
    """

    prefix_ids: NotRequired[Tensor]  # [1, tokens], common prefix of all rows, see prefix.py
    input_ids: Tensor
    position_ids: NotRequired[Tensor]  # for packed rows, as the next two, see packing.py
    ends: NotRequired[Tensor]  # [samples + 1], int32: 0, then the end of each sample
    longest: NotRequired[int]  # length of the longest sample
    labels: Tensor
    weights: Tensor
    tokens: int  # of the samples, without padding
    shares: NotRequired[Tensor]  # for pairs, as `sequences`, see pairs.py
    sequences: NotRequired[Tensor]


class Steps(Dataset[list[MicroBatch]]):
    """Item n is optimizer step n: this process's share of a global batch, in micro-batches of similar length.

    Weights are normalized over the global batch. The order depends on the seed alone, so an interrupted stage
    continues with the same steps.

    Attributes:
        reveal: changes the shares of twins: see reference.py.
        units: divides a batch into units that must stay together.
        cut: cuts samples into micro-batches.
        collate: makes the tensors of a micro-batch.
    """

    def __init__(
        self,
        draw: Draw,
        encoder: Encoder,
        tuning: Tuning,
        alpha: float,
        seed: int,
        share: Share = Share(),  # noqa: B008  (frozen)
        encode: Encode = encode_pass,
    ) -> None:
        """Prepares the steps.

        Args:
            draw: number of a pass -> its groups of samples.
            encoder: encodes samples.
            tuning: batch size, number of steps and normalization.
            alpha: strength of unlikelihood relative to likelihood.
            seed: the seed of the order.
            share: the share of this process.
            encode: encodes the groups of a pass: see encoded_cache.py.
        """
        self._draw, self._encoder, self._tuning, self._alpha, self._seed = draw, encoder, tuning, alpha, seed
        self._share, self._encode = share, encode
        self.reveal: Callable[[Sequence[Encoded]], Sequence[Encoded]] = as_they_are
        self.units: Callable[[Sequence[Weighed]], list[Unit]] = alone
        self.cut: Cut = by_length
        self.collate: Callable[[Sequence[Weighed]], MicroBatch] = collate
        self._unrevealing: dict[int, int] = {}  # step -> number of twins that `reveal` left out
        self._pass_number, self._pass = 0, self._encoded(0)
        self._groups_a_pass = len(self._pass.learnt)
        self._steps_a_pass = -(-self._groups_a_pass // tuning.global_batch_size)

    def __len__(self) -> int:
        if not self._steps_a_pass:
            return 0
        return self._tuning.max_steps or self._steps_a_pass * (self._tuning.epochs or 1)

    def __getitem__(self, step: int) -> list[MicroBatch]:
        if not 0 <= step < len(self):
            raise IndexError(step)
        return [self.collate(part) for part in self._parts(step)]

    def digest(self) -> str:
        """A hash of the whole first step, to check that all processes have the same samples."""
        return hashlib.sha256(repr((len(self), self._batch(0))).encode()).hexdigest()

    def names(self, step: int, parts: Collection[int]) -> list[str]:
        """The samples of some micro-batches of a step, for messages: source and requested language.

        They are encoded again to find them, so that no memory is used for this rare case.
        """
        of_step = self._parts(step)
        wanted = [encoded.ids for part in parts for encoded, _ in of_step[part]]
        drawn = self._draw(step // self._steps_a_pass)
        samples = [sample for number in self._numbers(step) for sample in drawn[number]]
        return [_name(s) for s in samples if (e := self._encoder.encode(s)) and e.ids in wanted]

    def unrevealing(self) -> int:
        """Number of twins of the first pass that `reveal` leaves out, including steps that were not run."""
        steps = range(min(len(self), self._steps_a_pass))
        for step in steps:
            if step not in self._unrevealing:
                self._batch(step)
        return sum(map(self._unrevealing.__getitem__, steps))

    def _parts(self, step: int) -> list[list[Weighed]]:
        """The micro-batches of this process in a step."""
        return self._share.of(
            self.units(self._batch(step)),
            lambda unit: sum(len(encoded.ids) for encoded, _ in unit),
            lambda mine: cut_units(self.cut, mine, self._tuning.max_tokens_per_micro_batch),
        )

    def _batch(self, step: int) -> list[Weighed]:
        """The global batch of a step."""
        numbers = self._numbers(step)
        whole = [encoded for number in numbers for encoded in self._pass.group(number)]
        batch = self.reveal(whole)
        self._unrevealing[step] = len(whole) - len(batch)
        weights = signed_weights(batch, self._alpha, self._tuning.normalization)
        return list(zip(batch, weights, strict=True))

    def _numbers(self, step: int) -> list[int]:
        """The numbers of a step's groups within its pass."""
        pass_number, within = divmod(step, self._steps_a_pass)
        if pass_number != self._pass_number:
            self._pass_number, self._pass = pass_number, self._encoded(pass_number)
        learnt, size = self._pass.learnt, self._tuning.global_batch_size
        # The first pass determines the number of steps; another pass may be a little shorter or longer.
        return [
            learnt[n % len(learnt)]
            for n in range(within * size, min((within + 1) * size, self._groups_a_pass))
        ]

    def _encoded(self, pass_number: int) -> Pass:
        """A pass, encoded and shuffled."""
        made = self._encode(self._draw(pass_number), self._encoder, pass_number)
        random.Random(f"{self._seed} shuffle {pass_number}").shuffle(made.learnt)
        return made


def as_they_are(batch: Sequence[Encoded]) -> Sequence[Encoded]:
    """Leaves the shares of all samples as they are."""
    return batch


def alone(batch: Sequence[Weighed]) -> list[Unit]:
    """Makes each sample a unit of its own."""
    return [[weighed] for weighed in batch]


def _name(sample: Sample) -> str:
    text = " ".join((sample.source or sample.response).split())
    text = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    return f"'{text}'" + (f" to {sample.asked}" if sample.asked else "")


def collate(part: Sequence[Weighed], shared: int = 0) -> MicroBatch:
    """Pads samples on the right. Causal attention does not see the padding, so no mask is needed.

    Without samples it is a row without weight, which does not change any gradient.

    Args:
        part: the samples, with the weights of their response tokens.
        shared: number of tokens at the beginning of each sample that are left out.
    """
    shape = (max(len(part), 1), max((padded(weighed, shared) for weighed in part), default=ROUND))
    input_ids = torch.zeros(shape, dtype=torch.long)
    labels = torch.zeros(shape, dtype=torch.long)
    weights = torch.zeros(shape)
    for row, (encoded, of_tokens) in enumerate(part):
        size = len(encoded.ids) - 1 - shared
        input_ids[row, :size] = torch.tensor(encoded.ids[shared:-1])
        labels[row, :size] = torch.tensor(encoded.ids[shared + 1 :])
        weights[row, encoded.response - 1 - shared : size] = torch.tensor(of_tokens)
    tokens = sum(len(encoded.ids) - 1 for encoded, _ in part)
    return {"input_ids": input_ids, "labels": labels, "weights": weights, "tokens": tokens}


def cut_units(cut: Cut, units: Sequence[Unit], max_tokens_per_micro_batch: int) -> list[list[Weighed]]:
    """Cuts a batch between units, by their longest samples and an equal share of tokens for each sample."""
    longest = [max(unit, key=lambda weighed: len(weighed[0].ids)) for unit in units]
    unit_of = {id(weighed): unit for weighed, unit in zip(longest, units, strict=True)}
    parts = cut(longest, max_tokens_per_micro_batch // max(map(len, units), default=1))
    return [[weighed for found in part for weighed in unit_of[id(found)]] for part in parts]


def by_length(
    pairs: Sequence[Weighed], max_tokens_per_micro_batch: int, shared: int = 0
) -> list[list[Weighed]]:
    """Cuts a batch, longest first, into the parts that take the least time.

    Parts of similar length have less padding, but each part is a pass. (The optimal partition of a sorted
    sequence, by dynamic programming.)

    Args:
        pairs: the samples of a batch.
        max_tokens_per_micro_batch: maximum number of padded tokens of a part, unless it is one sample.
        shared: number of tokens at the beginning of all samples that a part computes only once.
    """
    rows = sorted(pairs, key=lambda pair: -len(pair[0].ids))
    lengths = [padded(row, shared) for row in rows]
    of_pass = shared + _tokens_of_a_pass()
    best = [(0, 0)]  # of the first n rows: the tokens that take as long, and where the last part begins
    for end in range(1, len(rows) + 1):
        ways = []
        for first in range(end - 1, -1, -1):
            count = end - first
            if count > 1 and count * (shared + lengths[first]) > max_tokens_per_micro_batch:
                break
            ways.append((best[first][0] + count * lengths[first] + of_pass, first))
        best.append(min(ways))
    parts, end = list[list[Weighed]](), len(rows)
    while end:
        first = best[end][1]
        parts.insert(0, rows[first:end])
        end = first
    return parts


def _tokens_of_a_pass() -> int:
    """The tokens that take as long as the fixed work of a forward and backward pass.

    On a CPU in fp32, it is 20 to 80 tokens for a pass alone (1.7 to 135 million parameters), and up to 200
    in a whole step. In bf16, tokens take less time: 256 is a guess. A GPU needs large passes, so there are as
    few as possible.
    """
    if has_gpu():
        return 1 << 20
    return 256 if prefers_bf16() else 128


def padded(weighed: Weighed, shared: int = 0) -> int:
    """The padded length of a row for this sample, whose last token is only a label."""
    return -(-(len(weighed[0].ids) - 1 - shared) // ROUND) * ROUND
