"""What `details.json` holds beside the scores: languages produced, lines that are off, and paired tests.

    {"labels": {"fr": ["fr"]},                                  the identifier's labels that mean a language
     "produced": {"mt": {"de-fr": {"fr": 120, "en": 180}}},     hypotheses by the label that they got
     "lines": {"mt": {"de-fr": {"outcomes": {"english": [0, 3]}, "words": {"0": [0, 5]},
                                "states": {"off": [0, 3], "unsure": [7]}, "read": {"5": ["fr", 0.98]}}}},
     "significance": {"baseline": "mt", "signature": "...", "differences": [...]},
     "segments": ...,                                           see segments.py
     "note": ""}                                                what a reader must know of the scores

Lines count from 0, words in characters. Files of outputs say what a system wrote, these what came of it.
Outcomes are by the strict definition, states by OTR: off-target, or in doubt and so not off-target. `read`
has the lines whose language is another by the rules of OTR than the file of outputs has of the whole line.
Among the labels produced, `und` stands for lines that are unsure and `zxx` for those without a word (BCP 47).
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from ontarget.languages import Direction
from ontarget.pipeline.evaluation.direction_scores import TESTED, Judged
from ontarget.scoring.language_id.identifier import default_identifier, known_labels
from ontarget.scoring.language_id.labels import UNDETERMINED
from ontarget.scoring.off_target import SegmentResult
from ontarget.scoring.significance import SEED, approximate_randomisation, holm

BASELINE = "mt"
"""The system that the others are tested against: what stage 2 and all decoding methods set out from."""

_All = Mapping[str, Mapping[Direction, Judged]]


def details(
    judged: _All, kinds: Mapping[str, Sequence[Direction]], average: str, trials: int
) -> dict[str, Any]:
    """All of it but `segments` and `note`, as plain data.

    Args:
        judged: system -> direction -> what was found; the references among them.
        kinds: `zero-shot` and `supervised` -> their directions.
        average: what the mean over the directions of a kind is called.
        trials: of a test.
    """
    targets = sorted({direction.target for directions in kinds.values() for direction in directions})
    return {
        "labels": {str(target): sorted(known_labels(target, default_identifier())) for target in targets},
        "produced": _each(judged, lambda one: dict(Counter(map(_label, one.segments)).most_common())),
        "lines": _each(judged, _lines),
        "significance": _significance(judged, kinds, average, trials) if BASELINE in judged else None,
    }


def _each(judged: _All, look: Any) -> dict[str, dict[str, Any]]:
    return {
        system: {str(direction): look(one) for direction, one in of.items()} for system, of in judged.items()
    }


def _label(segment: SegmentResult) -> str:
    """What a line counts as among the languages produced."""
    return UNDETERMINED if segment.doubt == "unsure" else segment.guess.label


def _lines(judged: Judged) -> dict[str, Any]:
    outcomes: dict[str, list[int]] = defaultdict(list)
    states: dict[str, list[int]] = defaultdict(list)
    for line, segment in enumerate(judged.segments):
        if segment.outcome != "on":
            outcomes[segment.outcome].append(line)
        if state := "off" if segment.off else segment.doubt:
            states[state].append(line)
    words = {str(line): list(place) for line, place in enumerate(judged.words) if place}
    read = {str(line): [guess.label, round(guess.probability, 4)] for line, guess in judged.read.items()}
    return {"outcomes": outcomes, "words": words, "states": states, "read": read}


def _significance(
    judged: _All, kinds: Mapping[str, Sequence[Direction]], average: str, trials: int
) -> dict[str, Any]:
    """Each system against the baseline, in each direction and over all of a kind.

    p-values are adjusted for the number of systems, as Holm does it.
    """
    others = {system: of for system, of in judged.items() if system != BASELINE and _tested(of)}
    differences = []
    for kind, directions in kinds.items():
        places = [(str(direction), [direction]) for direction in directions]
        places += [(average, list(directions))] if directions else []
        for name, sets in places:
            for metric in TESTED:
                found = [_difference(judged[BASELINE], of, sets, metric, trials) for of in others.values()]
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


def _tested(of_directions: Mapping[Direction, Judged]) -> bool:
    """References have no BLEU."""
    return all(metric in one.scores for one in of_directions.values() for metric in TESTED)


def _difference(
    baseline: Mapping[Direction, Judged],
    system: Mapping[Direction, Judged],
    sets: Sequence[Direction],
    metric: str,
    trials: int,
) -> tuple[float, float]:
    """System minus baseline, mean over directions, and its p-value."""
    one, other = ([of[d].statistics[metric] for d in sets] for of in (baseline, system))
    difference = sum(system[d].scores[metric].value - baseline[d].scores[metric].value for d in sets) / len(
        sets
    )
    p_value = approximate_randomisation(baseline[sets[0]].values[metric], one, other, trials=trials)
    return difference, p_value
