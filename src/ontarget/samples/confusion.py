"""Counts a model's outputs by requested and produced language."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from ontarget.errors import UserError
from ontarget.files import read_jsonl
from ontarget.languages import Direction, Language

Counts = Mapping[str, Mapping[str, int]]
"""Code of the requested language -> label of the identified language -> number of outputs."""


def counted(outputs: Path) -> dict[str, dict[str, int]]:
    """The counts of a system in an earlier run, from its folder `outputs/<system>`.

    Raises:
        UserError: there is no such folder, or a row does not have the language of its output.
    """
    if not outputs.is_dir():
        raise UserError(
            f"there is no folder '{outputs}'; give the outputs of a system, such as "
            "runs/phrasebook-tiny/outputs/mt"
        )
    counts: dict[str, Counter[str]] = {}
    for file in sorted(outputs.glob("*.jsonl")):
        requested = str(Direction.parse(file.stem).target)
        for number, row in enumerate(read_jsonl(file), start=1):
            if not isinstance(row.get("language"), str):
                raise UserError(f"'{file}', line {number} has no key `language`, the language of the output")
            counts.setdefault(requested, Counter())[row["language"]] += 1
    if not counts:
        raise UserError(f"'{outputs}' has no outputs: it contains no file such as it-nl.jsonl")
    return {requested: dict(sorted(of.items())) for requested, of in sorted(counts.items())}


def times(counts: Counts, requested: Language, produced: Language) -> int:
    """How often `produced` was produced when `requested` was requested."""
    row = counts.get(str(requested), {})
    return sum(row.get(label, 0) for label in {str(produced), produced.fasttext_label})
