"""Chooses one of several candidate translations of a line for self-training."""

from collections.abc import Callable, Sequence
from typing import Any

from ontarget.corpora.corpus import Translation
from ontarget.languages import Direction
from ontarget.recipes.schema.synthetic import Select
from ontarget.scoring.metrics.bleu import sentence_chrf

Row = dict[str, Any]
Ask = Callable[[Sequence[Translation]], list[str]]  # translates their sources

KEPT = "on"


def choose(
    candidates: Sequence[Sequence[Row]], select: Select, direction: Direction, *, direct: Ask, in_two: Ask
) -> list[Row]:
    """Chooses a row for each line: the best of those that are kept, or else the most probable one.

    Translates only if there is a choice. Of equal candidates the more probable one is taken.

    Args:
        candidates: for each line, candidates with their `outcome`, the most probable first.
        select: `best` takes the most probable; `agreement` the highest chrF against the translation through
            the pivot; `round-trip` the highest chrF of the translation back against the source.
        direct: translates in one step.
        in_two: translates through the pivot.
    Returns:
        The rows, with their rank from 1 as `candidate`, and with `chrf` if it decided.
    """
    ranked = [
        [{**row, "candidate": rank} for rank, row in enumerate(of_line, start=1)] for of_line in candidates
    ]
    kept = [[row for row in of_line if row["outcome"] == KEPT] for of_line in ranked]
    open_ = [rows for rows in kept if len(rows) > 1] if select != "best" else []
    several = [row for rows in open_ for row in rows]
    if several and select == "agreement":
        firsts = [Translation(rows[0]["source"], "", direction) for rows in open_]
        through = [text for text, rows in zip(in_two(firsts), open_, strict=True) for _ in rows]
        values = sentence_chrf([row["text"] for row in several], through)
    elif several:
        back = direct([Translation(row["text"], "", direction.reverse) for row in several])
        values = sentence_chrf(back, [row["source"] for row in several])
    else:
        values = []
    for row, value in zip(several, values, strict=True):
        row["chrf"] = value
    return [
        max(rows, key=lambda row: row.get("chrf", 0.0)) if rows else of_line[0]
        for rows, of_line in zip(kept, ranked, strict=True)
    ]
