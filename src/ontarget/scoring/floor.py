"""The floor: the off-target ratio of human translations, on which identification errs, too."""

import hashlib
from collections.abc import MutableMapping, Sequence
from dataclasses import replace
from statistics import mean

from ontarget.languages import Language
from ontarget.scoring.by_sentence import BySentence, counting
from ontarget.scoring.interval import wilson_between
from ontarget.scoring.language_id.identifier import Identifier
from ontarget.scoring.language_id.rules import Rules, Unit
from ontarget.scoring.off_target import OffTarget
from ontarget.scoring.score import Score

Known = MutableMapping[tuple[Language, bytes], list[tuple[int, int, int]]]
"""Target and hash of references -> numbers of lines, off-target lines and unsure lines; then of sentences."""


class Floor:
    """Counts the references of one set, chunk by chunk.

    Args:
        target: the language of the references.
        identifier: identifies the lines.
        rules: how lines are identified.
        known: earlier counts. Systems with the same references share it, so that these are identified once.
        unit: the unit of identification.
    """

    def __init__(
        self,
        target: Language,
        identifier: Identifier,
        rules: Rules,
        known: Known,
        unit: Unit = "line",
    ) -> None:
        self._target, self._identifier, self._rules, self._unit = target, identifier, rules, unit
        self._known = known
        self._counts: list[OffTarget] = []

    def add(self, references: Sequence[Sequence[str]]) -> None:
        """Counts a chunk of lines of each reference."""
        self._counts = self._counts or [self._count() for _ in references]
        for count, lines in zip(self._counts, references, strict=True):
            for part, (n, off, unsure) in zip(_parts(count), self._found(lines), strict=True):
                part.n += n
                part.off += off
                part.unsure += unsure

    def _found(self, lines: Sequence[str]) -> list[tuple[int, int, int]]:
        key = self._target, hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).digest()
        if key not in self._known:
            count = self._count()
            count.add(lines)
            self._known[key] = [(part.n, part.off, part.unsure) for part in _parts(count)]
        return self._known[key]

    def _count(self) -> OffTarget:
        return counting(self._unit)(self._target, self._identifier, rules=self._rules)

    @property
    def score(self) -> Score:
        """The mean of the references' off-target ratios; with several references, `verbose` lists each.

        The interval is Wilson's for the mean share over lines, since the references of a line are not
        independent evidence.
        """
        return _mean(self._counts)

    @property
    def sentence_score(self) -> Score | None:
        """The same for the references' sentences; None if lines are identified, or without sentences."""
        parts = [
            count.sentences for count in self._counts if isinstance(count, BySentence) and count.sentences.n
        ]
        return replace(_mean(parts), metric="otr_sentences") if parts else None


def _parts(count: OffTarget) -> list[OffTarget]:
    return [count, count.sentences] if isinstance(count, BySentence) else [count]


def _mean(counts: Sequence[OffTarget]) -> Score:
    scores = [count.score for count in counts]
    if len(scores) == 1:
        return scores[0]
    n, off = scores[0].n, mean(count.off for count in counts)
    unsure = mean(count.unsure for count in counts)
    return replace(
        scores[0],
        value=100.0 * off / n,
        signature=f"nrefs:{len(scores)}|{scores[0].signature}",
        interval=wilson_between(off, off + unsure, n),
        verbose="/".join(f"{score.value:.2f}" for score in scores) + " (each reference)",
    )
