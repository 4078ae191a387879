"""What `details.json` holds beside the scores: languages produced, lines that are off, and paired tests.

    {"labels": {"fr": ["fr"]},                                  the identifier's labels that mean a language
     "produced": {"mt": {"de-fr": {"fr": 120, "en": 180}}},     number of hypotheses by their label
     "lines": {"mt": {"de-fr": {"outcomes": {"english": [0, 3]}, "words": {"0": [0, 5]},
                                "states": {"off": [0, 3], "unsure": [7]}, "read": {"5": ["fr", 0.98]}}}},
     "significance": {"baseline": "mt", "signature": "...", "differences": [...]},
     "segments": ...,                                           see segments.py
     "note": ""}                                                a note on the scores for readers

Lines count from 0, words are ranges of characters. Outcomes are by the strict definition of off-target,
states by OTR: off-target, or unsure or neutral and so not off-target. `read` has the lines whose language by
the rules of OTR differs from that in the file of outputs, which is the language of the whole line. Among the
labels, `und` stands for unsure lines and `zxx` for lines without a word (BCP 47).
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from ontarget.languages import Direction
from ontarget.pipeline.evaluation.direction_scores import TESTED, DirectionScores
from ontarget.scoring.language_id.identifier import default_identifier, known_labels
from ontarget.scoring.language_id.labels import UNDETERMINED
from ontarget.scoring.off_target import SegmentResult
from ontarget.scoring.significance import SEED, approximate_randomisation, holm

BASELINE = "mt"
"""The system that others are tested against: stage 2 and all decoding methods start from it."""

_All = Mapping[str, Mapping[Direction, DirectionScores]]


def details(
    scored: _All, kinds: Mapping[str, Sequence[Direction]], average: str, trials: int
) -> dict[str, Any]:
    """The contents of `details.json` except `segments` and `note`, as plain data.

    Args:
        scored: system -> direction -> its scores, including the references.
        kinds: `zero-shot` and `supervised` -> their directions.
        average: the name of the mean over the directions of a kind.
        trials: number of trials of a test.
    """
    targets = sorted({direction.target for directions in kinds.values() for direction in directions})
    return {
        "labels": {str(target): sorted(known_labels(target, default_identifier())) for target in targets},
        "produced": _each(scored, lambda one: dict(Counter(map(_label, one.segments)).most_common())),
        "lines": _each(scored, _lines),
        "significance": _significance(scored, kinds, average, trials) if BASELINE in scored else None,
    }


def _each(scored: _All, look: Any) -> dict[str, dict[str, Any]]:
    return {
        system: {str(direction): look(one) for direction, one in of.items()} for system, of in scored.items()
    }


def _label(segment: SegmentResult) -> str:
    """The label that a line counts for among the produced languages."""
    return UNDETERMINED if segment.doubt == "unsure" else segment.guess.label


def _lines(scored: DirectionScores) -> dict[str, Any]:
    outcomes: dict[str, list[int]] = defaultdict(list)
    states: dict[str, list[int]] = defaultdict(list)
    for line, segment in enumerate(scored.segments):
        if segment.outcome != "on":
            outcomes[segment.outcome].append(line)
        if state := "off" if segment.off else segment.doubt:
            states[state].append(line)
    words = {str(line): list(place) for line, place in enumerate(scored.words) if place}
    read = {str(line): [guess.label, round(guess.probability, 4)] for line, guess in scored.read.items()}
    return {"outcomes": outcomes, "words": words, "states": states, "read": read}


def _significance(
    scored: _All, kinds: Mapping[str, Sequence[Direction]], average: str, trials: int
) -> dict[str, Any]:
    """Tests of each system against the baseline, in each direction and over all directions of a kind.

    p-values are adjusted for the number of systems by Holm's method.
    """
    others = {system: of for system, of in scored.items() if system != BASELINE and _tested(of)}
    differences = []
    for kind, directions in kinds.items():
        places = [(str(direction), [direction]) for direction in directions]
        places += [(average, list(directions))] if directions else []
        for name, sets in places:
            for metric in TESTED:
                found = [_difference(scored[BASELINE], of, sets, metric, trials) for of in others.values()]
                adjusted = holm([p_value for _, p_value in found])
                differences += [
                    {
                        "system": system,
                        "direction": name,
                        "kind": kind,
                        "metric": metric,
                        "difference": difference,
                        "p_value": p_value,
                    }
                    for system, (difference, _), p_value in zip(others, found, adjusted, strict=True)
                ]
    signature = (
        f"test:approximate-randomisation|trials:{trials}|seed:{SEED}|adjusted:holm|systems:{len(others)}"
    )
    return {"baseline": BASELINE, "signature": signature, "differences": differences}


def _tested(of_directions: Mapping[Direction, DirectionScores]) -> bool:
    """Whether all tested metrics are there: references have no BLEU."""
    return all(metric in one.scores for one in of_directions.values() for metric in TESTED)


def _difference(
    baseline: Mapping[Direction, DirectionScores],
    system: Mapping[Direction, DirectionScores],
    sets: Sequence[Direction],
    metric: str,
    trials: int,
) -> tuple[float, float]:
    """The difference of the system from the baseline, mean over directions, with its p-value."""
    one, other = ([of[d].statistics[metric] for d in sets] for of in (baseline, system))
    difference = sum(system[d].scores[metric].value - baseline[d].scores[metric].value for d in sets) / len(
        sets
    )
    p_value = approximate_randomisation(baseline[sets[0]].values[metric], one, other, trials=trials)
    return difference, p_value
