"""Translates, checks every translation, and tries again what is off-target."""

from collections.abc import Sequence

from ontarget.checked.attempt import Attempt, Later
from ontarget.checked.check import Checker
from ontarget.checked.verdict import Checked, better
from ontarget.translation.engines.protocol import Progress, check_capabilities
from ontarget.translation.hypothesis import Hypothesis
from ontarget.translation.system import Request
from ontarget.translation.translate import n_best, translate


def translate_checked(
    requests: Sequence[Request],
    attempts: Sequence[Attempt | Later],
    checker: Checker | None = None,
    progress: Progress | None = None,
) -> list[Checked]:
    """One translation with its verdict for each request, in order.

    A line for which no attempt is on target keeps the best of all translations, the earliest of equals. Its
    action is `failed` if there was more than one attempt.

    Args:
        requests: the texts, in any mix of directions.
        attempts: the first translates all requests; each other one those that are still off-target. An
            attempt that would repeat the first one is left out: a pivot that is a side of the direction, or a
            text that is too long for the same engine.
        checker: gives the verdicts; default: by lid.176.ftz.
        progress: called with the number of finished translations and the number of all; each retry adds
            its translations to the total.
    Raises:
        UserError: an engine lacks what its system needs; this is found before any text is translated.
    """
    checker = checker or Checker()
    for attempt in attempts:
        if isinstance(attempt, Attempt):
            check_capabilities(attempt.system, attempt.engine, attempt.count)
    results = _attempt(made(attempts[0]), requests, checker, progress)
    return try_again(results, requests, attempts, checker, progress)


def try_again(
    results: Sequence[Checked],
    requests: Sequence[Request],
    attempts: Sequence[Attempt | Later],
    checker: Checker,
    progress: Progress | None = None,
) -> list[Checked]:
    """The results of the first attempt, with better ones of the others where these are off-target.

    See `translate_checked` for the arguments and the rules.
    """
    first, others = made(attempts[0]), attempts[1:]
    results, tried = list(results), set[int]()
    done = len(requests)
    for other in others:
        again = [i for i, one in enumerate(results) if one.verdict.unusable and _is_new(other, first, one)]
        if not again:
            continue
        attempt = made(other)
        passes = 2 if attempt.system.pivot else 1
        part = _part(progress, done, done + passes * len(again))
        done += passes * len(again)
        for i, one in zip(again, _attempt(attempt, [requests[i] for i in again], checker, part), strict=True):
            if better(one, results[i]):
                results[i] = one
        tried.update(again)
    return [
        one.after("failed") if i in tried and one.verdict.unusable else one for i, one in enumerate(results)
    ]


def _attempt(
    attempt: Attempt, requests: Sequence[Request], checker: Checker, progress: Progress | None
) -> list[Checked]:
    """The first hypothesis of each request; if that is off-target, the best one."""
    found = hypotheses_of(attempt, requests, progress)
    results = [one.after(attempt.action) for one in checker.check(requests, [of_one[0] for of_one in found])]
    off = [i for i, one in enumerate(results) if one.verdict.unusable and len(found[i]) > 1]
    others = [(i, hypothesis) for i in off for hypothesis in found[i][1:]]
    checked = checker.check([requests[i] for i, _ in others], [hypothesis for _, hypothesis in others])
    for (i, _), one in zip(others, checked, strict=True):
        if better(one, results[i]):
            results[i] = one.after("reranked" if attempt.action == "none" else attempt.action)
    return results


def hypotheses_of(
    attempt: Attempt, requests: Sequence[Request], progress: Progress | None = None
) -> list[list[Hypothesis]]:
    """The hypotheses of an attempt for each request, best first."""
    if attempt.count > 1:
        return n_best(attempt.system, attempt.engine, requests, attempt.count, progress)
    return [[one] for one in translate(attempt.system, attempt.engine, requests, progress)]


def made(attempt: Attempt | Later) -> Attempt:
    """An attempt, whose model is loaded now if it is not yet.

    Raises:
        UserError: the model cannot be loaded, or lacks what its system needs.
    """
    if isinstance(attempt, Attempt):
        return attempt
    loaded = attempt.attempt()
    check_capabilities(loaded.system, loaded.engine, loaded.count)
    return loaded


def _is_new(attempt: Attempt | Later, first: Attempt, one: Checked) -> bool:
    """Whether an attempt may give something else than the first one gave."""
    if isinstance(attempt, Later):
        return True
    if one.hypothesis.too_long and attempt.engine is first.engine:
        return False
    return attempt.system.pivot not in one.direction.sides


def _part(progress: Progress | None, done: int, total: int) -> Progress | None:
    return None if progress is None else lambda finished, _: progress(done + finished, total)
