"""Several translations of each text, each with its verdict, for users who choose among them."""

from collections.abc import Sequence
from dataclasses import replace

from ontarget.checked.attempt import Attempt, Later
from ontarget.checked.check import Checker
from ontarget.checked.translate import hypotheses_of, made, translate_checked, try_again
from ontarget.checked.verdict import Checked, badness
from ontarget.translation.engines.protocol import Capability, Progress, check_capabilities
from ontarget.translation.system import Request


def widened(first: Attempt, count: int) -> Attempt:
    """An attempt with `count` hypotheses or more for each text, for which its beam is wide enough."""
    decoding = first.system.decoding
    if decoding.sampling is None and Capability.BEAM_SEARCH in first.engine.capabilities:
        decoding = replace(decoding, num_beams=max(decoding.num_beams, count))
    system = replace(first.system, decoding=decoding)
    return replace(first, system=system, count=max(first.count, count))


def alternatives_checked(
    requests: Sequence[Request],
    attempts: Sequence[Attempt | Later],
    count: int,
    checker: Checker | None = None,
    progress: Progress | None = None,
) -> list[list[Checked]]:
    """Up to `count` different translations of each request, best first.

    They are hypotheses of the first attempt: of its beam, or on a server the greedy output and samples. The
    model's best one stays the first, unless it is off-target. Of the others, those on target come before the
    rest, then those with fewer serious flags; equal ones keep the model's order. If all are off-target, the
    other attempts are made, and a better translation goes first.

    A system that makes several passes itself, with a pivot or re-ranking, gives one translation.

    Args:
        requests: the texts, in any mix of directions.
        attempts: see `translate_checked`.
        count: maximum number of translations of a text. A narrower beam is widened to this size.
        checker: gives the verdicts; default: by lid.176.ftz.
        progress: see `translate_checked`.
    Raises:
        UserError: an engine lacks what its system needs, or n-best lists.
    """
    checker = checker or Checker()
    first = made(attempts[0])
    system = first.system
    if system.pivot or system.rerank:
        return [[one] for one in translate_checked(requests, attempts, checker, progress)]
    first = widened(first, count)
    attempts = [first, *attempts[1:]]
    for attempt in attempts:
        if isinstance(attempt, Attempt):
            check_capabilities(attempt.system, attempt.engine, attempt.count)
    found = hypotheses_of(first, requests, progress)
    pairs = [(request, one) for request, of_one in zip(requests, found, strict=True) for one in of_one]
    checked = iter(checker.check([request for request, _ in pairs], [one for _, one in pairs]))
    ranked = [_ranked([next(checked) for _ in of_one]) for of_one in found]
    best = try_again([of_one[0] for of_one in ranked], requests, attempts, checker, progress)
    return [_different([one, *of_one])[:count] for one, of_one in zip(best, ranked, strict=True)]


def _ranked(results: Sequence[Checked]) -> list[Checked]:
    model_best = results[0]
    first, *others = sorted(
        results, key=lambda one: (one is not model_best or one.verdict.unusable, badness(one))
    )
    return [first if first is model_best else first.after("reranked"), *others]


def _different(results: Sequence[Checked]) -> list[Checked]:
    """The first result with each text."""
    by_text = dict[str, Checked]()
    for one in results:
        by_text.setdefault(one.text, one)
    return list(by_text.values())
