"""The steps of a stage, laid out before it begins.

Which samples, in which micro-batches, with which weights.
"""

import random
from collections.abc import Sequence
from typing import TypedDict

import torch
from torch import Tensor
from torch.utils.data import Dataset

from ontarget.samples.groups import Draw
from ontarget.training.encode import Encoded, Encoder
from ontarget.training.tuning import Tuning
from ontarget.training.weights import signed_weights


class MicroBatch(TypedDict):
    """What one forward sees; shapes are [samples, tokens].

    `labels[t]` and `weights[t]` belong to what follows t.
    """

    input_ids: Tensor
    labels: Tensor
    weights: Tensor


class Steps(Dataset[list[MicroBatch]]):
    """Item n is optimiser step n.

    A global batch, weighed as a whole, cut into micro-batches of similar length. The order depends on the
    seed alone, so an interrupted stage goes on with the step that it would have taken.
    """

    def __init__(self, draw: Draw, encoder: Encoder, tuning: Tuning, alpha: float, seed: int) -> None:
        self._draw, self._encoder, self._tuning, self._alpha, self._seed = draw, encoder, tuning, alpha, seed
        self._pass_number = -1
        self._groups: list[list[Encoded]] = []
        self._groups_a_pass = len(self._encoded(0))
        self._steps_a_pass = -(-self._groups_a_pass // tuning.batch_samples)

    def __len__(self) -> int:
        if not self._steps_a_pass:
            return 0
        return self._tuning.steps or self._steps_a_pass * (self._tuning.epochs or 1)

    def __getitem__(self, step: int) -> list[MicroBatch]:
        if not 0 <= step < len(self):
            raise IndexError(step)
        pass_number, within = divmod(step, self._steps_a_pass)
        size = self._tuning.batch_samples
        groups = self._encoded(pass_number)
        # Steps are counted by the first pass; one drawn anew may be a little shorter or longer.
        groups = [
            groups[n % len(groups)]
            for n in range(within * size, min((within + 1) * size, self._groups_a_pass))
        ]
        batch = [encoded for group in groups for encoded in group]
        weights = signed_weights(batch, self._alpha, self._tuning.normalisation)
        return [collate(part) for part in _by_length(batch, weights, self._tuning.micro_batch_tokens)]

    def _encoded(self, pass_number: int) -> list[list[Encoded]]:
        """The groups of one pass, encoded and shuffled. A group with nothing left to learn from is gone."""
        if pass_number != self._pass_number:
            encoded = [
                [e for s in group if (e := self._encoder.encode(s))] for group in self._draw(pass_number)
            ]
            self._groups = [group for group in encoded if any(e.sign > 0 for e in group)]
            random.Random(f"{self._seed} shuffle {pass_number}").shuffle(self._groups)
            self._pass_number = pass_number
        return self._groups


def collate(part: Sequence[tuple[Encoded, list[float]]]) -> MicroBatch:
    """Pads samples on the right. Causal attention never looks there, so no mask is needed."""
    length = max(len(encoded.ids) for encoded, _ in part) - 1
    shape = (len(part), length)
    input_ids = torch.zeros(shape, dtype=torch.long)
    labels = torch.zeros(shape, dtype=torch.long)
    weights = torch.zeros(shape)
    for row, (encoded, of_tokens) in enumerate(part):
        size = len(encoded.ids) - 1
        input_ids[row, :size] = torch.tensor(encoded.ids[:-1])
        labels[row, :size] = torch.tensor(encoded.ids[1:])
        weights[row, encoded.response - 1 : size] = torch.tensor(of_tokens)
    return {"input_ids": input_ids, "labels": labels, "weights": weights}


def _by_length(
    batch: Sequence[Encoded], weights: Sequence[list[float]], micro_batch_tokens: int
) -> list[list[tuple[Encoded, list[float]]]]:
    """Cuts a batch, longest first, into parts.

    Each has at most `micro_batch_tokens` padded tokens (or one sample).
    """
    pairs = sorted(zip(batch, weights, strict=True), key=lambda pair: -len(pair[0].ids))
    parts: list[list[tuple[Encoded, list[float]]]] = []
    for pair in pairs:
        if parts and (len(parts[-1]) + 1) * len(parts[-1][0][0].ids) <= micro_batch_tokens:
            parts[-1].append(pair)
        else:
            parts.append([pair])
    return parts
