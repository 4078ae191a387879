"""A causal LM that reads the beams of a sentence as branches of one tree.

Usual beam search gives each beam a row of its own. So it copies the prompt's keys and values for every beam,
and permutes the whole cache at every step. Here a sentence is one row: the beams are queries side by side,
keys and values are only appended, and a mask selects the ancestors of each beam. The result is the same, but
without the copies, which take most of the time of small models.

The newest keys of all rows are in the last columns, and positions and mask are explicit. So rows of any age
can share a tree, others can join it, and columns that nobody sees any more are dropped at the front.

Layers with a sliding window get a mask of their own: the ancestors of a token that are in its window. Keys
and values that no window will reach again stay in memory.
"""

from collections.abc import Sequence
from itertools import takewhile
from typing import Self

import torch
from torch import Tensor
from torch.nn.functional import pad
from transformers import PreTrainedModel

from ontarget.checkpoints.context import FULL, SLIDING, sight_of
from ontarget.translation.engines.appending_cache import AppendingCache

_PASS = 16  # tokens that take as long as the fixed work of a pass, such as reading all weights


class TokenTree:
    """The prompts of a batch, and the branches grown from each of them.

    Args:
        model: a causal LM of Transformers with full or sliding attention in all layers.
        prompts: token ids, one list a row; none empty.

    Attributes:
        logits: [rows, vocabulary], of the token that follows each prompt.

    Raises:
        UserError: the model has other kinds of layers.
    """

    @torch.inference_mode()
    def __init__(self, model: PreTrainedModel, prompts: Sequence[list[int]]) -> None:
        self._model, self._sight = model, sight_of(model.config)
        self._cache = AppendingCache()
        lengths = [len(prompt) for prompt in prompts]
        # The common beginning of all prompts is read once if that is less work. Positions and mask are
        # explicit, so padding may follow it.
        shared = _shared(prompts)
        rest = max(lengths) - shared
        ids = torch.zeros(len(prompts), rest, dtype=torch.long)
        for row, prompt in enumerate(prompts):
            ids[row, rest - (len(prompt) - shared) :] = torch.tensor(prompt[shared:])
        self._lengths = torch.tensor(lengths, device=model.device)
        start = rest - (self._lengths - shared)
        columns = torch.arange(rest, device=model.device)
        own = columns >= start[:, None]
        self._places = torch.arange(shared, device=model.device)[None]  # [rows, keys], positions of the keys
        if shared:
            self._forward(
                torch.tensor([prompts[0][:shared]]),
                self._places,
                torch.ones(shared, shared, dtype=torch.bool, device=model.device).tril()[None],
                last=1,  # for the output layer, whose result is not used
            )
            self._cache.batch_repeat_interleave(len(prompts))
        before = torch.ones(len(prompts), rest, shared, dtype=torch.bool, device=model.device)
        causal = own[:, None, :] & (columns <= columns[:, None])
        causal |= ~own[:, None, :] & (columns == columns[:, None])  # padding sees itself, or it would be NaN
        positions = (columns - start[:, None]).clamp(min=0) + shared
        self._places = torch.cat([self._places.expand(len(prompts), -1), positions], dim=1)
        self.logits = self._forward(ids, positions, torch.cat([before, causal], dim=2), last=1)[:, -1]
        self._visible = torch.cat([before[:, :1], own[:, None, :]], dim=2)  # [rows, branches, keys]

    @classmethod
    def of(cls, model: PreTrainedModel, groups: Sequence[Sequence[list[int]]]) -> Self:
        """A tree of the prompts of all groups, which is read group by group if that is less to read.

        So a group of short prompts is not read with the length of others, and each has its own beginning.
        """
        together = [prompt for group in groups for prompt in group]
        if _work(together) <= sum(map(_work, groups)):
            return cls(model, together)
        tree, *others = (cls(model, group) for group in groups)
        tree.logits = torch.cat([one.logits for one in (tree, *others)])
        for other in others:
            tree.join(other)
        return tree

    @torch.inference_mode()
    def grow(self, tokens: Tensor, parents: Tensor) -> Tensor:
        """Appends a token to each branch.

        Args:
            tokens: [rows, branches].
            parents: [rows, branches], the branch of the step before that each token continues; 0 after the
                prompt.
        Returns:
            Logits of the tokens that follow, [rows, branches, vocabulary].
        """
        rows, branches = tokens.shape
        if self._visible.shape[1] != branches:  # so far there is only the prompt
            self._visible = self._visible.expand(-1, branches, -1)
        inherited = self._visible.gather(1, parents[:, :, None].expand(-1, -1, self._visible.shape[2]))
        itself = torch.eye(branches, dtype=torch.bool, device=tokens.device).expand(rows, -1, -1)
        self._visible = torch.cat([inherited, itself], dim=2)
        positions = self._lengths[:, None].expand_as(tokens)
        self._places = torch.cat([self._places, positions], dim=1)
        logits = self._forward(tokens, positions, self._visible)
        self._lengths = self._lengths + 1
        return logits

    @torch.inference_mode()
    def keep(self, rows: Tensor) -> None:
        """Drops all rows except these; they get this order. It is fast if most of them keep their places."""
        self._cache.batch_select_indices(rows)
        self._visible, self._places = self._visible[rows], self._places[rows]
        self._lengths = self._lengths[rows]
        unseen = int(self._visible.any(dim=1).any(dim=0).int().argmax())
        if unseen:
            self._cache.drop(unseen)
            self._visible, self._places = self._visible[:, :, unseen:], self._places[:, unseen:]

    @torch.inference_mode()
    def join(self, other: "TokenTree") -> None:
        """Appends the rows of another tree of the same model, which must not be used after that.

        Each of the trees has as many branches as the other, or none yet.
        """
        self._cache.join(other._cache)
        keys = max(self._places.shape[1], other._places.shape[1])
        branches = max(self._visible.shape[1], other._visible.shape[1])
        visible = [tree._visible.expand(-1, branches, -1) for tree in (self, other)]
        self._visible = torch.cat([pad(one, (keys - one.shape[2], 0)) for one in visible])
        places = [tree._places for tree in (self, other)]
        self._places = torch.cat([pad(one, (keys - one.shape[1], 0)) for one in places])
        self._lengths = torch.cat([self._lengths, other._lengths])

    def _forward(self, ids: Tensor, positions: Tensor, visible: Tensor, last: int = 0) -> Tensor:
        output = self._model(
            input_ids=ids.to(self._model.device),
            position_ids=positions,
            attention_mask=self._mask(positions, visible),
            past_key_values=self._cache,
            use_cache=True,
            logits_to_keep=last,
        )
        logits: Tensor = output.logits
        return logits

    def _mask(self, positions: Tensor, visible: Tensor) -> Tensor | dict[str, Tensor]:
        """A finished mask in the form that Transformers accepts: one, or one for each kind of layer."""
        if self._sight.window is None:
            return self._hidden(visible)
        near = self._places[:, None, :] > positions[:, :, None] - self._sight.window
        sliding = self._hidden(visible & near)
        return {FULL: self._hidden(visible), SLIDING: sliding} if self._sight.by_layer else sliding

    def _hidden(self, visible: Tensor) -> Tensor:
        # Added to the attention scores, not boolean: every attention implementation accepts this form.
        dtype = self._model.dtype
        return torch.zeros((), dtype=dtype, device=visible.device).masked_fill(
            ~visible[:, None], torch.finfo(dtype).min
        )


def _work(prompts: Sequence[list[int]]) -> int:
    """The number of tokens to read, with the padding, and with `_PASS` for each pass through the model."""
    shared = _shared(prompts)
    return shared + len(prompts) * (max(map(len, prompts)) - shared) + _PASS * (1 + bool(shared))


def _shared(prompts: Sequence[list[int]]) -> int:
    """The number of tokens at the start of all prompts to read once; 0 if that saves less than a pass costs.

    The last token of a prompt is never among them.
    """
    first, last = min(prompts), max(prompts)  # all prompts that sort between these two share their beginning
    same = takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    shared = min(sum(1 for _ in same), min(map(len, prompts)) - 1)
    return shared if shared * (len(prompts) - 1) > _PASS else 0
