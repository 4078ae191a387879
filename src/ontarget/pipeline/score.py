"""From the outputs of all systems to the rows of `scores.json`."""

from collections.abc import Mapping, Sequence
from typing import Any

from ontarget.languages import Direction
from ontarget.scoring.bleu import bleu, chrf
from ontarget.scoring.off_target import off_target_ratio
from ontarget.scoring.score import Score

Row = dict[str, Any]
AVERAGE, REFERENCE = "avg", "reference"


def score_rows(
    outputs: Mapping[str, Mapping[Direction, Sequence[str]]],
    references: Mapping[Direction, Sequence[str]],
    kinds: Mapping[str, Sequence[Direction]],
) -> list[Row]:
    """BLEU, chrF and OTR of each system and direction, their means by kind, and the OTR of the references.

    Args:
        outputs: system -> direction -> hypotheses.
        references: direction -> references.
        kinds: `zero-shot` and `supervised` -> their directions.
    """
    rows: list[Row] = []
    for system, of_directions in outputs.items():
        scores = {
            direction: [
                bleu(texts, references[direction], direction.target),
                chrf(texts, references[direction]),
                off_target_ratio(texts, direction.target),
            ]
            for direction, texts in of_directions.items()
        }
        rows += _rows(system, scores, kinds)
    floor = {
        direction: [off_target_ratio(texts, direction.target)] for direction, texts in references.items()
    }
    return rows + _rows(REFERENCE, floor, kinds)


def mean(scores: Sequence[Score]) -> Score:
    """The mean over directions. Where signatures differ, a field lists all its values: `tok:13a,zh`."""
    fields = zip(*(score.signature.split("|") for score in scores), strict=True)
    merged = []
    for values in fields:
        key, _, _ = values[0].partition(":")
        merged.append(f"{key}:{','.join(dict.fromkeys(value.partition(':')[2] for value in values))}")
    value = sum(score.value for score in scores) / len(scores)
    signature = f"mean:{len(scores)}|{'|'.join(merged)}"
    return Score(scores[0].metric, value, sum(score.n for score in scores), signature)


def _rows(
    system: str, scores: Mapping[Direction, Sequence[Score]], kinds: Mapping[str, Sequence[Direction]]
) -> list[Row]:
    rows = []
    for kind, directions in kinds.items():
        of_kind = [(str(direction), scores[direction]) for direction in directions]
        if of_kind:
            averages = [mean(same_metric) for same_metric in zip(*(s for _, s in of_kind), strict=True)]
            of_kind.append((AVERAGE, averages))
        rows += [
            {"system": system, "direction": direction, "kind": kind, **score.as_dict()}
            for direction, of_direction in of_kind
            for score in of_direction
        ]
    return rows
