"""The off-target ratio by agreement of several identifiers, for systems that re-rank by one of them."""

from collections.abc import Iterator, Sequence

from ontarget.errors import UserError
from ontarget.scoring.interval import wilson_between
from ontarget.scoring.off_target import OffTarget, SegmentResult
from ontarget.scoring.score import Score


class AgreedOffTarget:
    """Counts the hypotheses that every identifier finds off-target, chunk by chunk.

    A system that re-ranks by an identifier keeps the hypotheses on which this identifier errs, and the
    identifier's own off-target ratio does not show these errors. Two identifiers rarely make the same error.

    Args:
        counts: the counts of at least two identifiers, with the same target and rules.

    Raises:
        UserError: an identifier is given twice.
    """

    def __init__(self, counts: Sequence[OffTarget]) -> None:
        self._counts = counts
        self._names = [count.identifier.signature for count in counts]
        if twice := next((name for name in self._names if self._names.count(name) > 1), None):
            raise UserError(f"the identifier {twice} is given twice; agreement needs two different ones")
        self._off = self._perhaps = 0

    def add(self, found: Sequence[Sequence[SegmentResult]]) -> None:
        """Counts the results of each identifier for a chunk of hypotheses: [identifiers, hypotheses]."""
        for off, perhaps in agreed(found):
            self._off += off
            self._perhaps += perhaps

    @property
    def score(self) -> Score:
        """The share of hypotheses that all identifiers find off-target, in percent.

        The upper end of its interval counts hypotheses of which an identifier is unsure as off-target.

        Raises:
            UserError: nothing was counted.
        """
        whole = self._counts[0].score
        rest = whole.signature.partition("|")[2]
        interval = wilson_between(self._off, self._perhaps, whole.n)
        signature = f"lid:{'&'.join(self._names)}|{rest}"
        return Score("otr_agreed", 100.0 * self._off / whole.n, whole.n, signature, interval)


def agreed(found: Sequence[Sequence[SegmentResult]]) -> Iterator[tuple[bool, bool]]:
    """Whether all identifiers find each hypothesis off-target; the same if unsure counts as off-target."""
    for segments in zip(*found, strict=True):
        yield (
            all(segment.off for segment in segments),
            all(segment.off or segment.doubt == "unsure" for segment in segments),
        )
