"""Requests in, hypotheses out: renders and encodes what a system asks, and lets an engine answer it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from typing import Literal

from ontarget.languages import Direction, Language
from ontarget.prompts.encode import encode_prompt
from ontarget.prompts.segment import Prompt, Segment
from ontarget.text import in_one_line, is_empty
from ontarget.translation.adjustment import Adjuster
from ontarget.translation.anti_lm import AntiLM
from ontarget.translation.boosting import Boosted, tokens_of_languages
from ontarget.translation.contrast import Contrasted, ContrastPrompt
from ontarget.translation.engine import Engine
from ontarget.translation.hypothesis import Hypothesis
from ontarget.translation.language_tokens import count_tokens
from ontarget.translation.prior import LanguagePrior
from ontarget.translation.rerank import off_target, rerank
from ontarget.translation.system import Contrast, Decoding, Request, System

Progress = Callable[[int, int], None]

_NOTHING = Hypothesis("", "stop", 0.0, 0)  # of a source without text


def translate(
    system: System, engine: Engine, requests: Sequence[Request], progress: Progress | None = None
) -> list[Hypothesis]:
    """One hypothesis for each request, in order; all directions are answered together.

    A source with nothing to read gets an empty hypothesis without asking the model, and so does one too long
    for the model with its prompt: its finish reason is `too-long`. Line breaks in a source, and in an answer,
    become spaces.

    Args:
        system: how to ask and to search.
        engine: the model.
        requests: what to translate, in any mix of directions.
        progress: called with how many translations are done, and how many there are (twice as many with a
            pivot; with a second try those are added).
    Raises:
        UserError: the template is a chat that has no place for such a prompt.
    """
    if system.pivot is not None:
        return _through(system.pivot, system, engine, requests, progress)
    return _retried(system, engine, requests, _answer(system, engine, requests, progress), progress)


def n_best(
    system: System,
    engine: Engine,
    requests: Sequence[Request],
    count: int,
    progress: Progress | None = None,
) -> list[list[Hypothesis]]:
    """The `count` best hypotheses for each request, best first; fewer where the search found no more.

    The beam must be as wide. Otherwise as `translate`, but in one step, whatever the system's pivot is.
    """
    asked, arguments = _asked(system, engine, requests)
    hypotheses = [[_NOTHING] for _ in requests]
    for i, answers in zip(asked, engine.n_best(*arguments, progress, count=count), strict=True):
        hypotheses[i] = answers
    return hypotheses


def _through(
    pivot: Language, system: System, engine: Engine, requests: Sequence[Request], progress: Progress | None
) -> list[Hypothesis]:
    """Into the pivot, and on from there. What has it as a side needs one step alone."""
    halfway = [i for i, request in enumerate(requests) if pivot not in request.direction.sides]
    total = len(requests) + len(halfway)
    first = [Request(requests[i].source, Direction(requests[i].direction.source, pivot)) for i in halfway]
    steps, refused = list(requests), dict[int, Hypothesis]()
    for i, hypothesis in zip(
        halfway, _answer(system, engine, first, _counted(progress, 0, total)), strict=True
    ):
        steps[i] = Request(hypothesis.text, Direction(pivot, requests[i].direction.target))
        if hypothesis.too_long:
            refused[i] = hypothesis
    answers = _answer(system, engine, steps, _counted(progress, len(halfway), total))
    return [refused.get(i, answer) for i, answer in enumerate(answers)]


def _retried(
    system: System,
    engine: Engine,
    requests: Sequence[Request],
    answers: list[Hypothesis],
    progress: Progress | None,
) -> list[Hypothesis]:
    """The answers, with what two steps get in the place of what is off-target, where that is on target."""
    chooser = system.rerank
    if chooser is None or (pivot := chooser.retry) is None:
        return answers
    off = off_target(chooser, requests, answers)
    again = [i for i in off if pivot not in requests[i].direction.sides and not answers[i].too_long]
    if not again:
        return answers
    asked, total = [requests[i] for i in again], len(requests) + 2 * len(again)
    second = _through(pivot, system, engine, asked, _counted(progress, len(requests), total))
    still = set(off_target(chooser, asked, second))
    better = {i: second[place] for place, i in enumerate(again) if place not in still}
    return [better.get(i, answer) for i, answer in enumerate(answers)]


def _counted(progress: Progress | None, start: int, total: int) -> Progress | None:
    """Tells of a part of the work as of the whole."""
    return None if progress is None else lambda done, _: progress(start + done, total)


def _answer(
    system: System, engine: Engine, requests: Sequence[Request], progress: Progress | None
) -> list[Hypothesis]:
    asked, arguments = _asked(system, engine, requests)
    if system.rerank is None:
        answers = engine.generate(*arguments, progress)
    else:
        found = engine.n_best(*arguments, progress)
        answers = rerank(system.rerank, [requests[i] for i in asked], found)
    hypotheses = [_NOTHING] * len(requests)
    for i, answer in zip(asked, answers, strict=True):
        hypotheses[i] = answer
    return hypotheses


def _asked(
    system: System, engine: Engine, requests: Sequence[Request]
) -> tuple[list[int], tuple[list[list[int]], Decoding, tuple[str, ...], list[Adjuster]]]:
    """Which of the requests have text, and what an engine is asked for them."""
    if system.template.end:
        engine.end_turns_with(system.template.end)
    asked = [i for i, request in enumerate(requests) if not is_empty(request.source)]
    lines = [replace(requests[i], source=in_one_line(requests[i].source)) for i in asked]
    prompts = [encode_prompt(engine.tokenizer, prompt_of(system, line)) for line in lines]
    adjusters = _adjusters(system, engine, lines, [len(prompt) for prompt in prompts])
    return asked, (prompts, system.decoding, system.template.stop, adjusters)


def prompt_of(system: System, request: Request, instruction: Direction | None = None) -> Prompt:
    """A request's prompt; with `instruction` it asks for that, otherwise worded as its own."""
    direction = request.direction
    return system.template.render(
        request.source,
        instruction or direction,
        prompt_language=direction.target if system.prompt_in_target else Language("en"),
        post_instruction=system.post_instruction,
        demonstrations=system.demonstrations.get(direction, ()),
    )


def _adjusters(
    system: System, engine: Engine, requests: Sequence[Request], lengths: Sequence[int]
) -> list[Adjuster]:
    """What changes the scores of tokens, in the order in which it does. `lengths`: of the prompts."""
    adjusters = list[Adjuster]()
    if system.contrast is not None:
        context, most = engine.context, system.decoding.max_new_tokens
        spare = [
            None if context.limit is None else context.limit - max(context.room(length, most), 1)
            for length in lengths
        ]
        others = _other_sources(requests, lengths, spare)
        contrasts = [
            _contrast_prompts(system, system.contrast, engine, *pair)
            for pair in zip(requests, others, strict=True)
        ]
        adjusters.append(Contrasted(contrasts, system.contrast))
    if system.text is not None:
        counts = count_tokens(engine.tokenizer, system.text, system.template.separator, engine.vocabulary)
        rows = [counts.row(request.direction.target) for request in requests]
        if system.prior is not None:
            adjusters.append(LanguagePrior(counts, rows, system.prior))
        if system.boosting is not None:
            adjusters.append(Boosted(tokens_of_languages(engine.tokenizer, counts), rows, system.boosting))
    if system.anti_lm is not None:
        alone = [encode_prompt(engine.tokenizer, (Segment(r.source, False),)) for r in requests]
        adjusters.append(AntiLM(alone, system.anti_lm.decay))
    return adjusters


def _contrast_prompts(
    system: System, contrast: Contrast, engine: Engine, request: Request, other: str | None
) -> list[ContrastPrompt]:
    """What a request is contrasted with, each with its share of the budget; see contrast.py."""
    prompts = []
    if contrast.source_weight and other is not None:
        prompt = prompt_of(system, replace(request, source=other))
        prompts.append((encode_prompt(engine.tokenizer, prompt), contrast.source_weight))
    wrong = wrong_targets(request.direction, contrast.against)
    if contrast.language_weight:
        for language in wrong:
            asked = Direction(request.direction.source, language)
            prompt = prompt_of(system, request, asked)
            weight = contrast.language_weight / len(wrong)
            prompts.append((encode_prompt(engine.tokenizer, prompt), weight))
    return prompts


def wrong_targets(direction: Direction, against: Sequence[Language | Literal["source"]]) -> list[Language]:
    """The languages of `against`, each once, without the one that is asked for."""
    languages = dict.fromkeys(direction.source if one == "source" else one for one in against)
    return [language for language in languages if language != direction.target]


def _other_sources(
    requests: Sequence[Request], lengths: Sequence[int], spare: Sequence[int | None]
) -> list[str | None]:
    """For each request another text of its direction, if there is one; the same list gives the same draw.

    Args:
        requests: what is asked.
        lengths: the tokens of their prompts.
        spare: the most tokens of a prompt that may be read beside each, so that it takes no room from the
            request's answer; None: any.
    """
    texts: dict[Direction, dict[str, int]] = {}
    for request, length in zip(requests, lengths, strict=True):
        texts.setdefault(request.direction, {})[request.source] = length
    choices = {direction: list(distinct) for direction, distinct in texts.items()}
    others = list[str | None]()
    for request, most in zip(requests, spare, strict=True):
        distinct, length_of = choices[request.direction], texts[request.direction]
        draw = Random(f"{request.direction} {request.source}").randrange(max(len(distinct) - 1, 1))
        if distinct[draw] == request.source:  # the last one stands in for the text itself
            draw = len(distinct) - 1
        from_there = (distinct[(draw + step) % len(distinct)] for step in range(len(distinct)))
        fitting = (text for text in from_there if most is None or length_of[text] <= most)
        others.append(next((text for text in fitting if text != request.source), None))
    return others
