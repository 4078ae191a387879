"""The main result of a run in one sentence, made from its scores."""

from ontarget.reporting.run_files import Scores
from ontarget.reporting.systems import BASE_MODEL, REFERENCE

PROBLEM = "mt"
CURES = ("ontarget", "ontarget-any", "lat")
_LEAST_BLEU = 1.0  # where no translation is this good, a difference says nothing


def headline(scores: Scores) -> str:
    """States how often the tuned model is off-target with and without stage 2, as far as the systems exist.

    "MT answers in the wrong language in 93 % of zero-shot outputs; ontarget in 3 % (references: 1 %), with
    18.2 BLEU more." The sentence states the figures, whatever they are, and does not judge them.
    """
    kind = scores.kind
    values = {system: scores.value(system, "otr", kind) for system in scores.systems}
    ratio = {system: value for system, value in values.items() if value is not None}
    if not ratio:
        return "This run has no off-target ratio yet."
    cure = next((system for system in CURES if system in ratio), None)
    floor = scores.value(REFERENCE, "otr", kind)
    references = "" if floor is None else f" (references: {percent(floor)})"
    first = PROBLEM if PROBLEM in ratio else cure or next(iter(ratio))
    wrong = f"answers in the wrong language in {percent(ratio[first])} of {kind} outputs"
    sentence = f"{_subject(scores.name(first))} {wrong}"
    if cure is None or cure == first:
        return f"{sentence}{references}."
    return (
        f"{sentence}; {scores.name(cure)} in {percent(ratio[cure])}{references}{_gain(scores, first, cure)}."
    )


def cost(scores: Scores) -> str:
    """The effect of stage 2 on directions with training data; "" if it is unknown."""
    cure = next((system for system in CURES if system in scores.systems), "")
    before, after = (scores.value(system, "bleu", "supervised") for system in (PROBLEM, cure))
    if scores.kind == "supervised" or before is None or after is None:
        return ""
    return f"Supervised BLEU: {before:.1f} with {scores.name(PROBLEM)}, {after:.1f} with {scores.name(cure)}."


def percent(value: float) -> str:
    """`93 %` or `2.7 %`: as exact as the table, without a zero decimal."""
    return f"{value:.1f}".removesuffix(".0") + " %"


def _subject(name: str) -> str:
    """A name that begins a sentence."""
    return f"The {name}" if name == BASE_MODEL else name


def _gain(scores: Scores, first: str, cure: str) -> str:
    before, after = (scores.value(system, "bleu", scores.kind) for system in (first, cure))
    if before is None or after is None or max(before, after) < _LEAST_BLEU:
        return ""
    # The difference of the printed figures, so that readers can check it.
    gain = round(round(after, 1) - round(before, 1), 1)
    return f", with {abs(gain):.1f} BLEU {'more' if gain > 0 else 'less'}" if gain else ", at the same BLEU"
