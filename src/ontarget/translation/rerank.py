"""Answers chosen by language identification: of the beam the most probable one that is in the right language.

It needs no training, and no more time than to identify some short texts. It chooses among what the search has
found: where a model is sure of the wrong language, all of a beam is in it. What is then left can be asked for
again through a pivot, at the cost of two more steps for those lines alone.

Whoever measures the off-target ratio by the identifier that chose measures the chooser, too: look at another
identifier's beside it.
"""

from collections.abc import Sequence

from ontarget.text import is_empty
from ontarget.translation.hypothesis import Hypothesis
from ontarget.translation.system import Request, Rerank


def rerank(
    chooser: Rerank, requests: Sequence[Request], n_best: Sequence[Sequence[Hypothesis]]
) -> list[Hypothesis]:
    """Of each request's hypotheses, best first, the first on target; the first of all where none is."""
    texts = [answer.text for of_one in n_best for answer in of_one]
    asked = [request.direction for request, of_one in zip(requests, n_best, strict=True) for _ in of_one]
    on = iter(chooser.on_target(texts, asked))
    flags = [[next(on) for _ in of_one] for of_one in n_best]
    return [
        of_one[of_it.index(True) if True in of_it else 0] for of_one, of_it in zip(n_best, flags, strict=True)
    ]


def off_target(chooser: Rerank, requests: Sequence[Request], answers: Sequence[Hypothesis]) -> list[int]:
    """Which answers are in another language than was asked for; of a request without text none is."""
    on = chooser.on_target([answer.text for answer in answers], [request.direction for request in requests])
    return [i for i, request in enumerate(requests) if not is_empty(request.source) and not on[i]]
