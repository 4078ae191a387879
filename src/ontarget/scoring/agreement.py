"""Off-target by the word of several identifiers: the figure of a system that chose by one of them."""

from collections.abc import Iterator, Sequence

from ontarget.errors import UserError
from ontarget.scoring.interval import wilson_between
from ontarget.scoring.off_target import OffTarget, SegmentResult
from ontarget.scoring.score import Score


class AgreedOffTarget:
    """Counts the hypotheses that every identifier finds off-target, chunk by chunk.

    Whoever re-ranks by an identifier learns to please it: its errors stay, and its off-target ratio sees none
    of them. An error is rarely one of two identifiers at once.

    Args:
        counts: of each identifier, at least two, with the same target and rules.

    Raises:
        UserError: an identifier is there twice.
    """

    def __init__(self, counts: Sequence[OffTarget]) -> None:
        self._counts = counts
        self._names = [count.identifier.signature for count in counts]
        if twice := next((name for name in self._names if self._names.count(name) > 1), None):
            raise UserError(f"the identifier {twice} is given twice; agreement needs two different ones")
        self._off = self._perhaps = 0

    def add(self, found: Sequence[Sequence[SegmentResult]]) -> None:
        """Counts what each identifier found of some hypotheses: [identifiers, hypotheses]."""
        for off, perhaps in agreed(found):
            self._off += off
            self._perhaps += perhaps

    @property
    def score(self) -> Score:
        """The share that all of them find off-target, in percent.

        The upper end of its interval takes what an identifier is unsure of for off-target.

        Raises:
            UserError: nothing was counted.
        """
        whole = self._counts[0].score
        rest = whole.signature.partition("|")[2]
        interval = wilson_between(self._off, self._perhaps, whole.n)
        signature = f"lid:{'&'.join(self._names)}|{rest}"
        return Score("otr_agreed", 100.0 * self._off / whole.n, whole.n, signature, interval)


def agreed(found: Sequence[Sequence[SegmentResult]]) -> Iterator[tuple[bool, bool]]:
    """Of each hypothesis: whether all identifiers find it off-target, and whether it is if in doubt it is."""
    for segments in zip(*found, strict=True):
        yield (
            all(segment.off for segment in segments),
            all(segment.off or segment.doubt == "unsure" for segment in segments),
        )
