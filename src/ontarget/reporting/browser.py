"""All outputs of a run, packed for the page: its script unpacks them, filters them and shows them."""

import base64
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.reporting.details import Details
from ontarget.reporting.run_files import KINDS, Output, Run
from ontarget.reporting.systems import display_name
from ontarget.reporting.table import direction_name

LARGEST = 2_000_000
"""Bytes that the packed outputs may take of a page; above it, every second, third ... line is left out."""
_LONGEST = 500  # characters shown of one text: an untuned model may run on for pages


@dataclass(frozen=True, slots=True)
class Packed:
    """What the script reads, and what the page says of it.

    Attributes:
        data: JSON, deflated, in base64: `{languages, outcomes, segments}`. A segment is `[direction, line,
            source, reference, answers]` with an answer of each system, or null. An answer is
            `[text, language, percent, off, outcome, cut, start, end]`; start and end mark the first word that
            is off-language, in UTF-16 units as JavaScript counts them, or are -1. Directions, systems,
            languages and outcomes are places in their lists.
        systems: id and printed name of each.
        directions: id, printed name and kind of each.
        every: 1 where all lines are in it, 2 where every second one is.
    """

    data: str
    systems: tuple[tuple[str, str], ...]
    directions: tuple[tuple[str, str, str], ...]
    every: int


def pack(run: Run, largest: int = LARGEST) -> Packed | None:
    """Packs the outputs of a run; None where it has none.

    Raises:
        UserError: a file of outputs is missing, damaged, or answers other sources than the others.
    """
    scores = run.scores
    directions = tuple(
        (name, direction_name(name), kind) for kind in KINDS for name in scores.directions(kind)
    )
    systems = scores.systems
    scored = {(row.system, row.direction) for row in scores.rows}
    outputs = [
        {system: run.outputs(system, name) for system in systems if (system, name) in scored}
        for name, _, _ in directions
    ]
    for (name, _, _), of_direction in zip(directions, outputs, strict=True):
        _same_sources(run, name, of_direction)
    if not any(outputs):
        return None
    every = 1
    while len(data := _packed(run.details, systems, directions, outputs, every)) > largest:
        every = max(every + 1, -(-every * len(data) // largest))
    return Packed(data, tuple((system, display_name(system)) for system in systems), directions, every)


def _packed(
    details: Details,
    systems: Sequence[str],
    directions: Sequence[tuple[str, str, str]],
    outputs: Sequence[Mapping[str, Sequence[Output]]],
    every: int,
) -> str:
    """Line by line through all directions, so that texts that are alike stand near each other."""
    languages, outcomes = _Places(), _Places()
    segments: list[list[Any]] = []
    for line in range(0, max(len(rows) for of in outputs for rows in of.values()), every):
        for place, of_direction in enumerate(outputs):
            rows = {system: given[line] for system, given in of_direction.items() if line < len(given)}
            if not rows:
                continue
            name = directions[place][0]
            answers = [
                _answer(rows[system], line, name, system, details, languages, outcomes)
                if system in rows
                else None
                for system in systems
            ]
            first = next(iter(rows.values()))
            segments.append(
                [place, line + 1, shortened(first.source), shortened(first.reference or ""), answers]
            )
    data = {
        "languages": [language_name(label) for label in languages.words],
        "outcomes": list(outcomes.words),
        "segments": segments,
    }
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return base64.b64encode(zlib.compress(text.encode("utf-8", "replace"), 9)).decode("ascii")


class _Places:
    """Distinct words, each with its place in the list."""

    def __init__(self) -> None:
        self.words: dict[str, int] = {}

    def of(self, word: str) -> int:
        return self.words.setdefault(word, len(self.words))


def _answer(
    output: Output,
    line: int,
    direction: str,
    system: str,
    details: Details,
    languages: _Places,
    outcomes: _Places,
) -> list[Any]:
    lines = details.lines.get(system, {}).get(direction)
    empty = not output.text.strip()
    text = shortened(output.text)
    start, end = (lines.words.get(line) if lines else None) or (-1, -1)
    if end > len(text) or text[start:end] != output.text[start:end]:
        start, end = -1, -1  # in what is not shown
    return [
        text,
        languages.of("" if empty else output.language),
        round(100 * output.language_probability),
        int(empty or not _on_target(output.language, Direction.parse(direction).target, details)),
        outcomes.of(lines.outcomes.get(line, "on") if lines else ""),
        int(output.finish_reason == "length"),
        *(_utf16(text, place) for place in (start, end)),
    ]


def _on_target(label: str, target: Language, details: Details) -> bool:
    return label in details.labels.get(str(target), {target.fasttext_label, str(target)})


def _utf16(text: str, place: int) -> int:
    return place if place < 0 else len(text[:place].encode("utf-16-le", "surrogatepass")) // 2


def _same_sources(run: Run, direction: str, outputs: Mapping[str, Sequence[Output]]) -> None:
    """Line n of each system's outputs must answer the same source: the page sets them side by side."""
    (first, *others) = outputs or [""]
    for other in others:
        pairs = zip(outputs[first], outputs[other], strict=False)
        for line, (one, two) in enumerate(pairs, start=1):
            if one.source != two.source:
                folder = run.directory / "outputs"
                raise UserError(
                    f"{folder / other / direction}.jsonl, line {line}: another source than in "
                    f"{folder / first / direction}.jsonl; without both, 'ontarget run {run.name}' makes them"
                )


def language_name(label: str) -> str:
    """`Dutch` for the identifier's `nl`, `empty` for none; a label that CLDR does not know stays."""
    try:
        return Language(label).name() if label else "empty"
    except UserError:
        return label


def shortened(text: str) -> str:
    """What is shown of a text."""
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1].rstrip() + "…"
