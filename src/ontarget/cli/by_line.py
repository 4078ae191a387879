"""`--lines`: what became of each line that was scored, as CSV."""

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ontarget.files import whole_file
from ontarget.scoring.answers import Answers, Line
from ontarget.scoring.off_target import Segment
from ontarget.scoring.scorecard import Seen


@contextmanager
def by_line(path: Path | None) -> Iterator[Seen | None]:
    """What writes a row for each line that is scored; `outcome` is `on`, or how the line is off-target."""
    if path is None:
        yield None
        return
    with whole_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["hypothesis", "line", "outcome", "language", "probability", "text"])

        def write(answers: Answers, before: int, lines: Sequence[Line], found: Sequence[Segment]) -> None:
            each = enumerate(zip(lines, found, strict=True), start=before + 1)
            for number, (line, (guess, _, outcome)) in each:
                place, probability = [answers.path, number], f"{guess.probability:.4f}"
                rows.writerow([*place, outcome, guess.label, probability, line.text])

        yield write
