"""Anti-LM decoding (Sia et al. 2311.08324): lowers the scores of tokens that continue the source.

A model that should translate the source x may just continue it. The t-th token y of an output (t from 1 on)
is scored by

    s(y) = log p(y | prompt, output so far) - decay^t * log p(y | x)

where p(y | x) is the distribution after x alone, without any instruction. It is computed once, before the
first token. The published decay is 0.3: from the fourth token on, the weight is less than a hundredth.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor


class AntiLM:
    """The sources of all sentences as prompts of their own, for an engine.

    Args:
        sources: for each sentence the token ids of its source alone.
        decay: see above.
    """

    def __init__(self, sources: Sequence[list[int]], decay: float) -> None:
        self.prompts = [[ids] for ids in sources]
        self._decay = decay

    def of(self, sentences: Sequence[int], ends: Tensor) -> "AntiLMBatch":
        """See `Adjuster`."""
        return AntiLMBatch(self._decay)


@dataclass
class AntiLMBatch:
    """Scores of the sentences of a batch.

    Attributes:
        source: log p(y | x), [sentences, vocabulary]; known from the first token on.
    """

    decay: float
    source: Tensor | None = None
    beside: int = 1
    read: int | None = 1
    tokens: int | None = None

    def __call__(self, position: int, scores: Tensor, own: Tensor, beside: Tensor) -> Tensor:
        """See `Adjustment`."""
        if position == 0:
            self.source = beside[:, 0, 0].clone()
        assert self.source is not None
        return scores - self.decay ** (position + 1) * self.source[:, None]

    def keep(self, sentences: Tensor) -> None:
        """See `Adjustment`."""
        if self.source is not None:
            self.source = self.source[sentences]
