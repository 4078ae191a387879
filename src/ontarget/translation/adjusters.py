"""The score adjustments of a system for a list of requests, in the order in which they are applied."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Literal

from ontarget.languages import Direction, Language
from ontarget.prompts.segment import Segment
from ontarget.settings.decoding import Contrast
from ontarget.translation.adjustment import Adjuster
from ontarget.translation.anti_lm import AntiLM
from ontarget.translation.boosting import Boosted, tokens_of_languages
from ontarget.translation.contrast import Contrasted, ContrastPrompt
from ontarget.translation.engines.protocol import TokenEngine
from ontarget.translation.language_tokens import count_tokens
from ontarget.translation.prior import LanguagePrior
from ontarget.translation.system import Request, System, prompt_of


def adjusters_of(system: System, engine: TokenEngine, requests: Sequence[Request]) -> list[Adjuster]:
    """The adjusters of a system: contrast, then prior, boosting and Anti-LM.

    Args:
        system: says which adjustments to make.
        engine: gives the tokens of the model.
        requests: the texts, each of one line.
    Raises:
        UserError: a prior or boosting has no text of a target language to learn from.
    """
    adjusters = list[Adjuster]()
    if system.contrast is not None:
        adjusters.append(_contrasted(system, system.contrast, engine, requests))
    if system.text is not None:
        counts = count_tokens(engine.tokenizer, system.text, system.template.separator, engine.vocabulary)
        rows = [counts.row(request.direction.target) for request in requests]
        if system.prior is not None:
            adjusters.append(LanguagePrior(counts, rows, system.prior))
        if system.boosting is not None:
            adjusters.append(Boosted(tokens_of_languages(engine.tokenizer, counts), rows, system.boosting))
    if system.anti_lm is not None:
        alone = [engine.encode((Segment(request.source, False),)) for request in requests]
        adjusters.append(AntiLM(alone, system.anti_lm.decay))
    return adjusters


def _contrasted(
    system: System, contrast: Contrast, engine: TokenEngine, requests: Sequence[Request]
) -> Contrasted:
    others: Sequence[str | None] = [None] * len(requests)
    if contrast.source_weight:
        context, most = engine.context, system.decoding.max_new_tokens
        lengths = [len(engine.encode(prompt_of(system, request))) for request in requests]
        spare = [
            None if context.limit is None else context.limit - max(context.room(length, most), 1)
            for length in lengths
        ]
        others = _other_sources(requests, lengths, spare)
    prompts = [
        _contrast_prompts(system, contrast, engine, *pair) for pair in zip(requests, others, strict=True)
    ]
    return Contrasted(prompts, contrast)


def _contrast_prompts(
    system: System, contrast: Contrast, engine: TokenEngine, request: Request, other: str | None
) -> list[ContrastPrompt]:
    """The contrast prompts of a request, each with its share of the budget; see contrast.py."""
    prompts = []
    if other is not None:
        prompt = prompt_of(system, replace(request, source=other))
        prompts.append((engine.encode(prompt), contrast.source_weight))
    wrong = wrong_targets(request.direction, contrast.against)
    if contrast.language_weight:
        for language in wrong:
            instruction = Direction(request.direction.source, language)
            weight = contrast.language_weight / len(wrong)
            prompts.append((engine.encode(prompt_of(system, request, instruction)), weight))
    return prompts


def wrong_targets(direction: Direction, against: Sequence[Language | Literal["source"]]) -> list[Language]:
    """The distinct languages of `against`, without the direction's target."""
    languages = dict.fromkeys(direction.source if one == "source" else one for one in against)
    return [language for language in languages if language != direction.target]


def _other_sources(
    requests: Sequence[Request], lengths: Sequence[int], spare: Sequence[int | None]
) -> list[str | None]:
    """For each request another source of its direction, if there is one; deterministic for a given list.

    Args:
        requests: the texts.
        lengths: the number of tokens of their prompts.
        spare: maximum number of tokens of a prompt that is read beside each request, so that it takes no room
            from the request's output; None: no limit.
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
