"""Token weights by the model that a stage starts from: how its probabilities differ between instructions."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch.nn.functional import logsigmoid

from ontarget.training.data.batches import Weighed, by_length, collate, cut_units
from ontarget.training.data.encode import Encoded
from ontarget.training.data.pairs import together
from ontarget.training.data.token_weighting import MIN_WEIGHT
from ontarget.training.loss.head import LogOddsHead


class ReferenceModel:
    """Multiplies the shares of twins by how clearly a model distinguishes the instructions at each token.

    With P and A the probabilities of the token after the right and after the conflicting instruction, this
    factor is max(0, (P - A) / (P + A)) = max(0, tanh(r / 2)), where r is the difference of their logarithms.
    Values below 1/10 count as 0. A twin without remaining shares is left out.
    """

    def __init__(
        self, load: Callable[[], Any], device: torch.device, max_tokens_per_micro_batch: int
    ) -> None:
        """Prepares a reference model.

        Args:
            load: loads the model; called with the first batch.
            device: the device to compute on.
            max_tokens_per_micro_batch: maximum number of padded tokens of a forward pass.
        """
        self._load, self._device, self._tokens = load, device, max_tokens_per_micro_batch
        self._loaded: tuple[Any, LogOddsHead] | None = None

    def __call__(self, batch: Sequence[Encoded]) -> list[Encoded]:
        """The batch with changed shares; each twin must follow the sample that it was made from."""
        units = [unit for unit in together([(e, []) for e in batch]) if len(unit) > 1]
        rows = [_rows(chosen, twin) for (chosen, _), (twin, _) in units]
        log_p = dict[int, torch.Tensor]()  # of each row
        for part in cut_units(by_length, rows, self._tokens):
            for row, of_row in zip(part, self._log_p(part), strict=True):
                log_p[id(row)] = of_row
        shares = {}
        for (right, wrong), (_, (twin, _)) in zip(rows, units, strict=True):
            reveals = torch.tanh((log_p[id(right)] - log_p[id(wrong)]) / 2).tolist()
            shares[id(twin)] = [
                share * reveal if reveal >= MIN_WEIGHT else 0.0
                for share, reveal in zip(twin.shares, reveals, strict=True)
            ]
        weighed = [replace(e, shares=shares[id(e)]) if id(e) in shares else e for e in batch]
        return [encoded for encoded in weighed if any(encoded.shares)]

    @torch.no_grad()
    def _log_p(self, part: Sequence[Weighed]) -> Sequence[torch.Tensor]:
        """The log-probabilities of the weighted tokens of each row, nats."""
        if self._loaded is None:
            model = self._load().to(self._device).eval()
            head = LogOddsHead.install(model)
            head.examine(model, self._device)
            self._loaded = model, head
        model, head = self._loaded
        micro_batch = collate(part)
        counts = micro_batch["weights"].to(self._device) != 0
        with head.log_odds_at(counts, micro_batch["labels"].to(self._device)):
            d = model(input_ids=micro_batch["input_ids"].to(self._device), use_cache=False).logits
        return torch.split(logsigmoid(d).cpu(), [len(weights) for _, weights in part])


def _rows(chosen: Encoded, twin: Encoded) -> list[Weighed]:
    """The twin's response after both instructions."""
    response = twin.ids[twin.response :]
    of_both = [chosen.ids[: chosen.response], twin.ids[: twin.response]]
    return [
        (Encoded(prompt + response, len(prompt), twin.shares, twin.sign), [1.0] * len(response))
        for prompt in of_both
    ]
