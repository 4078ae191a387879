"""Per-line statistics for paired tests, small enough to keep without the outputs.

    {"zero-shot": {"text": "9f2c...",                 a hash of sources and references
                   "lines": {"de-fr": 200, "fr-de": 200},
                   "packed": {"mt": {"bleu": "eNq...", "otr": "eNq..."}}}}    by direction, then line

They are in `details.json` and in the points of a sweep.
"""

import json
from collections.abc import Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np

from ontarget.errors import UserError
from ontarget.languages import Direction
from ontarget.pipeline.evaluation.direction_scores import TESTED, DirectionScores, Output
from ontarget.pipeline.planning.artifacts import text_fingerprint
from ontarget.reporting.details import FILE
from ontarget.scoring.metrics.statistics_codec import pack, unpack
from ontarget.scoring.significance import Statistics


def segments(
    scored: Mapping[str, Mapping[Direction, DirectionScores]],
    outputs: Mapping[str, Mapping[Direction, Sequence[Output]]],
    references: Mapping[Direction, Sequence[str]],
    kinds: Mapping[str, Sequence[Direction]],
) -> dict[str, Any]:
    """The statistics of all systems of a run, as plain data.

    Args:
        scored: system -> direction -> its scores, without the references.
        outputs: system -> direction -> lines of its file; all systems have the same sources.
        references: direction -> references.
        kinds: `zero-shot` and `supervised` -> their directions.
    """
    sources = next(iter(outputs.values()))
    return {
        kind: {
            "text": text_fingerprint(
                [line for d in of for line in (*(row["source"] for row in sources[d]), *references[d])]
            ),
            "lines": {str(d): len(references[d]) for d in of},
            "packed": {
                system: {
                    metric: pack(metric, np.concatenate([found[d].statistics[metric] for d in of]))
                    for metric in TESTED
                }
                for system, found in scored.items()
            },
        }
        for kind, of in kinds.items()
        if of
    }


def kept(run: Path) -> dict[str, Any]:
    """The statistics in the details of a run; empty if an older version scored it."""
    path = run / FILE
    try:
        details: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        return details.get("segments") or {}
    except (ValueError, AttributeError):
        raise UserError(f"{path} is damaged; delete it and run again") from None


def statistics(of_kind: Mapping[str, Any], system: str, metric: str) -> list[Statistics]:
    """The statistics of a system, a matrix for each direction; `of_kind` is `segments(...)["zero-shot"]`."""
    whole = unpack(metric, of_kind["packed"][system][metric])
    return np.split(whole, list(accumulate(of_kind["lines"].values()))[:-1])
