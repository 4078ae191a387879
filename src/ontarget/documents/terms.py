"""Translations with the terms of a glossary: where one is missing, other translations are looked at."""

from collections.abc import Callable, Sequence

from ontarget.checked.verdict import Checked, badness
from ontarget.documents.glossary import missing_terms
from ontarget.translation.system import Request

_LOOKED_AT = 4  # translations of a text

TranslateRequests = Callable[[Sequence[Request], int], Sequence[Sequence[Checked]]]
"""Translates requests, each at most a number of times, and returns the best translation of each first."""


def translate_with_terms(requests: Sequence[Request], translate: TranslateRequests) -> list[Checked]:
    """The translation of each request, with as many of its terms as the model finds by itself.

    Where the best translation lacks a term, the one of four that has the most terms is taken, but none that
    is off-target or has more serious flags. No term is put into a translation by force: it would stand there
    without the inflection that its place needs.

    Args:
        requests: texts with their terms, which are told to models whose prompt has a place for them.
        translate: translates.
    """
    found = [best for best, *_ in translate(requests, 1)]
    again = [
        place
        for place, (request, one) in enumerate(zip(requests, found, strict=True))
        if missing_terms(request.terms, one.text)
    ]
    if not again:
        return found
    for place, others in zip(again, translate([requests[place] for place in again], _LOOKED_AT), strict=True):
        found[place] = _with_most_terms(requests[place], found[place], others)
    return found


def _with_most_terms(request: Request, first: Checked, others: Sequence[Checked]) -> Checked:
    allowed = [one for one in others if badness(one) <= badness(first)]
    chosen = min((first, *allowed), key=lambda one: len(missing_terms(request.terms, one.text)))
    return chosen if chosen is first or chosen.verdict.action != "none" else chosen.after("reranked")
