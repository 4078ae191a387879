"""`--lines`: what became of each line that was scored, as CSV."""

import csv
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from ontarget.files import whole_file
from ontarget.scoring.off_target import SegmentResult
from ontarget.scoring.reading.hypotheses import Hypotheses, HypothesisLine
from ontarget.scoring.scorecard import Seen


@contextmanager
def by_line(path: Path | None, metrics: Sequence[str], *, sentences: bool = False) -> Iterator[Seen | None]:
    """Gives a function that writes a row for each scored line; `outcome` is `on`, or the kind of off-target.

    The mean of the column `otr` is the ratio. A column for each of the metrics has sacreBLEU's score of the
    line by itself, or nothing for a line without references; `leftover` is a share in percent, and
    `leftover_words` are the words. With `sentences`, there are their number and outcomes: `on:8 english:1`.
    """
    if path is None:
        yield None
        return
    with whole_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        of_sentences = ["sentences", "sentence_outcomes"] if sentences else []
        found_of_all = ["outcome", "language", "probability", "otr", *of_sentences]
        rows.writerow(["hypothesis", "line", *found_of_all, *metrics, "text"])

        def write(
            hypotheses: Hypotheses,
            before: int,
            lines: Sequence[HypothesisLine],
            found: Sequence[SegmentResult],
            scores: Mapping[str, Sequence[float | str]],
        ) -> None:
            for place, (line, segment) in enumerate(zip(lines, found, strict=True)):
                guess = segment.guess
                of_language = [segment.outcome, guess.label, f"{guess.probability:.4f}", 100 * segment.off]
                if sentences:
                    of_language += [len(segment.sentences), _counts(segment.sentences)]
                of_metrics = [_cell(scores[name][place]) if name in scores else "" for name in metrics]
                rows.writerow([hypotheses.path, before + place + 1, *of_language, *of_metrics, line.text])

        yield write


def _counts(outcomes: Sequence[str]) -> str:
    return " ".join(f"{outcome}:{n}" for outcome, n in Counter(outcomes).most_common())


def _cell(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.4f}"
