"""Language-aware tuning: ours against the published algorithm (docs/explanation/method.md).

    python benchmarks/stage2_step.py [--size 58m] [--rounds 5] [--micro-batch-tokens 1024]

published         one pair at a time: two forwards, padded to one length, logits of every position, p of the
                  whole vocabulary, log(clamp(1 - p)); gradients of a step's pairs are accumulated
published, fp32   the same without autocast, as PyTorch does unless it is told
ours, paper       the same samples and the same loss (in a form that has a gradient everywhere)
ours, first token the preset `first-token`: the first response token alone is unlearnt
ours              the preset `ontarget`: twins are compared with their samples, token by token

All but the one that says fp32 are in bf16 autocast where the processor has bf16 products; AdamW with moments
in fp32.
"""

from functools import partial
from typing import Any

import torch
from steps import (
    ALPHA,
    DIRECTIONS,
    LANGUAGES,
    TEMPLATE,
    Contender,
    Job,
    Lap,
    autocast,
    compare,
    load_model,
    make_optimiser,
    ours,
)
from torch import Tensor
from torch.nn.functional import cross_entropy, pad

from ontarget.corpora.corpus import Translation
from ontarget.recipes.schema.stages import LanguageAware
from ontarget.samples.groups import Draw, language_aware_groups
from ontarget.samples.weighting import ALL
from ontarget.settings.tuning import Tuning
from ontarget.training.data.encode import Encoded

_IGNORED = -100


def published(job: Job, draw: Draw, lap: Lap, bf16: bool = True) -> None:
    """Zan et al. 2025 as their code does it: see "Ten faults" in the documentation."""
    model, place = load_model(job)
    optimiser = make_optimiser(job, model)
    groups = job.encoded(draw)
    model.train()
    for step in range(job.steps):
        for right, wrong in groups[step * job.samples : (step + 1) * job.samples]:
            length = max(len(right.ids), len(wrong.ids))
            with autocast(place, bf16):
                loss = _likelihood(model, *_padded(right, length, place))
                loss = loss + ALPHA * _unlikelihood(model, *_padded(wrong, length, place))
            (loss / job.samples).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad()
        lap(None)


def _padded(encoded: Encoded, length: int, place: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Ids, attention mask and labels, [1, length]."""
    ids = torch.tensor([encoded.ids])
    labels = torch.tensor([[_IGNORED] * encoded.response + encoded.ids[encoded.response :]])
    room = (0, length - ids.shape[1])
    padded = pad(ids, room), pad(torch.ones_like(ids), room), pad(labels, room, value=_IGNORED)
    return tuple(tensor.to(place) for tensor in padded)  # type: ignore[return-value]


def _likelihood(model: Any, ids: Tensor, mask: Tensor, labels: Tensor) -> Tensor:
    logits = model(input_ids=ids, attention_mask=mask, use_cache=False).logits[0, :-1].float()
    return cross_entropy(logits, labels[0, 1:], ignore_index=_IGNORED)


def _unlikelihood(model: Any, ids: Tensor, mask: Tensor, labels: Tensor) -> Tensor:
    logits = model(input_ids=ids, attention_mask=mask, use_cache=False).logits[0, :-1].float()
    losses = -torch.log(torch.clamp(1.0 - torch.softmax(logits, dim=-1), min=1e-9))
    counts = labels[0, 1:] != _IGNORED
    return losses.gather(1, labels[0, 1:].clamp(min=0)[:, None])[counts].mean()


def stage(preset: str) -> LanguageAware:
    """Stage 2 as a preset has it."""
    return LanguageAware(**{"from": "mt"}, kind="language-aware", preset=preset, tuning=Tuning(max_steps=1))


def train_as(preset: str) -> Any:
    """`train_stage` with the loss of a preset."""
    settings = stage(preset)
    telling = settings.conflict.weighting() != ALL
    return ours(settings.aim(), telling=telling, normalization=settings.tuning.normalization)


def drawn_as(preset: str) -> Any:
    """Pairs with conflicting instructions as a preset draws them."""
    conflict = stage(preset).conflict.conflict()

    def draw(translations: list[Translation]) -> Draw:
        return language_aware_groups(translations, TEMPLATE, conflict, LANGUAGES, DIRECTIONS, seed=1)

    return draw


CONTENDERS = {
    "published": Contender(published, drawn_as("paper")),
    "published, fp32": Contender(partial(published, bf16=False), drawn_as("paper")),
    "ours, paper": Contender(train_as("paper"), drawn_as("paper")),
    "ours, first token": Contender(train_as("first-token"), drawn_as("first-token")),
    "ours": Contender(train_as("ontarget"), drawn_as("ontarget")),
}

if __name__ == "__main__":
    compare("stage2_step", __doc__, CONTENDERS, samples=8)
