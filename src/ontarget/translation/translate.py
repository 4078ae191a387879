"""Requests in, hypotheses out: renders a system's prompts and generates with an engine.

Pivot translation, re-ranking and retries work on text, so they are the same for every engine. Score
adjustments need the engine's tokens, and are prepared by `adjusters.py`.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from ontarget.languages import Direction, Language
from ontarget.text import in_one_line, is_empty
from ontarget.translation.engines.protocol import (
    Capability,
    Engine,
    Progress,
    TokenEngine,
    check_capabilities,
    needed,
)
from ontarget.translation.hypothesis import Hypothesis
from ontarget.translation.rerank import off_target, rerank
from ontarget.translation.system import Request, System, prompt_of

if TYPE_CHECKING:
    from ontarget.translation.adjustment import Adjuster

_EMPTY = Hypothesis("", "stop", 0.0, 0)  # of a source without text


def translate(
    system: System, engine: Engine, requests: Sequence[Request], progress: Progress | None = None
) -> list[Hypothesis]:
    """One hypothesis for each request, in order; all directions share the same batches.

    An empty source gets an empty hypothesis, without using the model. So does a source that is too long for
    the model with its prompt: its finish reason is `too-long`. Line breaks in a source, and in an output,
    become spaces.

    Args:
        system: prompt, decoding and score adjustments.
        engine: generates the text.
        requests: the texts, in any mix of directions.
        progress: called with the number of finished translations and the number of all. A pivot translation
            counts twice; a retry adds its translations to the total.
    Raises:
        UserError: the engine lacks what the system needs, or the template is a chat that cannot render such a
            prompt.
    """
    if system.pivot is not None:
        return _through(system.pivot, system, engine, requests, progress)
    return _retried(system, engine, requests, _direct(system, engine, requests, progress), progress)


def n_best(
    system: System,
    engine: Engine,
    requests: Sequence[Request],
    count: int,
    progress: Progress | None = None,
) -> list[list[Hypothesis]]:
    """The `count` best hypotheses for each request, best first; fewer where the search found no more.

    The beam must be at least as wide. The system's pivot and re-ranking are ignored; otherwise see
    `translate`.
    """
    check_capabilities(system, engine, count)
    with_text = [i for i, request in enumerate(requests) if not is_empty(request.source)]
    lines = [replace(requests[i], source=in_one_line(requests[i].source)) for i in with_text]
    found = engine.generate(
        [prompt_of(system, line) for line in lines],
        system.decoding,
        count=count,
        stop=system.template.stop,
        end=system.template.end,
        adjusters=_adjusters(system, engine, lines),
        progress=progress,
    )
    hypotheses = [[_EMPTY] for _ in requests]
    for i, of_one in zip(with_text, found, strict=True):
        hypotheses[i] = of_one
    return hypotheses


def _adjusters(system: System, engine: Engine, requests: Sequence[Request]) -> "Sequence[Adjuster]":
    if Capability.SCORE_ADJUSTMENT not in needed(system).values():
        return ()
    from ontarget.translation.adjusters import adjusters_of  # imports torch, which other engines do not need

    return adjusters_of(system, cast(TokenEngine, engine), requests)


def _direct(
    system: System, engine: Engine, requests: Sequence[Request], progress: Progress | None
) -> list[Hypothesis]:
    """One hypothesis for each request, without a pivot: the best, or the choice of re-ranking."""
    if system.rerank is None:
        return [found[0] for found in n_best(system, engine, requests, 1, progress)]
    found = n_best(system, engine, requests, system.decoding.num_beams, progress)
    return rerank(system.rerank, requests, found)


def _through(
    pivot: Language, system: System, engine: Engine, requests: Sequence[Request], progress: Progress | None
) -> list[Hypothesis]:
    """Translates into the pivot, and from there; directly where the pivot is a side of the direction."""
    indirect = [i for i, request in enumerate(requests) if pivot not in request.direction.sides]
    total = len(requests) + len(indirect)
    first = [Request(requests[i].source, Direction(requests[i].direction.source, pivot)) for i in indirect]
    second, too_long = list(requests), dict[int, Hypothesis]()
    for i, hypothesis in zip(
        indirect, _direct(system, engine, first, _part(progress, 0, total)), strict=True
    ):
        second[i] = Request(hypothesis.text, Direction(pivot, requests[i].direction.target))
        if hypothesis.too_long:
            too_long[i] = hypothesis
    found = _direct(system, engine, second, _part(progress, len(indirect), total))
    return [too_long.get(i, hypothesis) for i, hypothesis in enumerate(found)]


def _retried(
    system: System,
    engine: Engine,
    requests: Sequence[Request],
    hypotheses: list[Hypothesis],
    progress: Progress | None,
) -> list[Hypothesis]:
    """Replaces off-target hypotheses by translations through the retry pivot, where these are on target."""
    chooser = system.rerank
    if chooser is None or (pivot := chooser.retry) is None:
        return hypotheses
    off = off_target(chooser, requests, hypotheses)
    again = [i for i in off if pivot not in requests[i].direction.sides and not hypotheses[i].too_long]
    if not again:
        return hypotheses
    retried, total = [requests[i] for i in again], len(requests) + 2 * len(again)
    second = _through(pivot, system, engine, retried, _part(progress, len(requests), total))
    still_off = set(off_target(chooser, retried, second))
    better = {i: second[place] for place, i in enumerate(again) if place not in still_off}
    return [better.get(i, hypothesis) for i, hypothesis in enumerate(hypotheses)]


def _part(progress: Progress | None, start: int, total: int) -> Progress | None:
    """Reports the progress of a part of the work as that of the whole."""
    return None if progress is None else lambda done, _: progress(start + done, total)
