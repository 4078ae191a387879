"""What a paired test needs of a score."""

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:  # NumPy takes longer to load than OTR to compute
    from ontarget.scoring.significance import CorpusValue, Statistics


class Evidence(NamedTuple):
    """The statistics of a score's segments, [segments, k], and the value of their sum."""

    value: "CorpusValue"
    statistics: "Statistics"
