"""Re-ranking by language identification: the most probable hypothesis of the beam that is on target.

Re-ranking needs no training, and little more time than identifying a few short texts. It can only choose
among the hypotheses of the search: if the model is sure of the wrong language, the whole beam is in it. A
retry translates these lines again through a pivot, at the cost of two more translations for each of them.

An off-target ratio that is measured by the same identifier is biased by this choice, so look at the ratio of
another identifier as well.
"""

from collections.abc import Sequence

from ontarget.text import is_empty
from ontarget.translation.hypothesis import Hypothesis
from ontarget.translation.system import Request, Rerank


def rerank(
    chooser: Rerank, requests: Sequence[Request], n_best: Sequence[Sequence[Hypothesis]]
) -> list[Hypothesis]:
    """The first hypothesis of each request that is on target; the best one if there is no such hypothesis."""
    texts = [hypothesis.text for of_one in n_best for hypothesis in of_one]
    directions = [request.direction for request, of_one in zip(requests, n_best, strict=True) for _ in of_one]
    on = iter(chooser.on_target(texts, directions))
    flags = [[next(on) for _ in of_one] for of_one in n_best]
    return [
        of_one[of_it.index(True) if True in of_it else 0] for of_one, of_it in zip(n_best, flags, strict=True)
    ]


def off_target(chooser: Rerank, requests: Sequence[Request], hypotheses: Sequence[Hypothesis]) -> list[int]:
    """Indices of the hypotheses that are not in their direction's target; empty sources are skipped."""
    on = chooser.on_target(
        [hypothesis.text for hypothesis in hypotheses], [request.direction for request in requests]
    )
    return [i for i, request in enumerate(requests) if not is_empty(request.source) and not on[i]]
