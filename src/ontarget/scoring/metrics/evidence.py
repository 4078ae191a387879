"""The per-segment evidence of a score, as needed by a paired test."""

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:  # NumPy takes longer to load than OTR to compute
    from ontarget.scoring.significance import CorpusValue, Statistics


class Evidence(NamedTuple):
    """The statistics of a score's segments, [segments, k], and the function from their sum to the score."""

    value: "CorpusValue"
    statistics: "Statistics"
