"""All outputs of a run, compressed for the report page, whose script filters and shows them.

They are JSON, gzip and base64, which browsers read by themselves since 2023 (`DecompressionStream`).
"""

import base64
import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.reporting.details import NEUTRAL, UNSURE, Details
from ontarget.reporting.run_files import KINDS, OutputLine, RunFiles
from ontarget.reporting.table import direction_name
from ontarget.reporting.text_files import remedy
from ontarget.system_ids import outputs_folder
from ontarget.text import is_empty

LARGEST = 4_000_000
"""Maximum size of the compressed outputs in bytes; a larger run shows only every second, third ... line."""
_STATES = ("off", "unsure", "neutral")
_LONGEST = 500  # characters shown of one text: an untuned model may run on for pages
_Verdict = tuple[str, str, str, int]
"""Language as printed; `on`, `off`, `unsure` or `neutral`; outcome by the strict definition; cut or not."""


@dataclass(frozen=True, slots=True)
class Packed:
    """The outputs for the script, and what the page must know about them.

    Attributes:
        data: JSON, compressed by gzip, in base64. `verdicts` are `[language, state, outcome, cut]`;
            `segments` are `[direction, line, source, reference, outputs]`, with an output for each system:
            `null`, or `[text, verdict, percent]` with the identifier's probability in percent, followed by
            start and length of the first off-language word if there is one, in UTF-16 units as JavaScript
            counts them. Directions and verdicts are indices from 0, lines count from 1.
        systems: id and printed name of each system.
        directions: id, printed name and kind of each direction. Those of a second test have its name before
            the id (`everyday/it-nl`), and as their kind.
        every: 1 if `data` has all lines, 2 if it has every second line, and so on.
        states: the states other than on target that occur.
    """

    data: str
    systems: tuple[tuple[str, str], ...]
    directions: tuple[tuple[str, str, str], ...]
    every: int
    states: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Direction:
    """The outputs of all systems in one direction of a text.

    Attributes:
        id, name, kind: as in `Packed.directions`.
        code: `it-nl`.
        details: those of the text.
        outputs: system -> its lines.
    """

    id: str
    name: str
    kind: str
    code: str
    details: Details
    outputs: Mapping[str, Sequence[OutputLine]]


def pack(run: RunFiles, largest: int = LARGEST) -> Packed | None:
    """Packs the outputs of a run; None if it has no outputs.

    Raises:
        UserError: a file of outputs is missing, damaged, or translates other sources than the others.
    """
    scores = run.scores
    directions = [*_read(run), *(_read(run.second, run.second.name) if run.second else ())]
    if not any(direction.outputs for direction in directions):
        return None
    every = 1
    while len((packed := _packed(scores.systems, directions, every))[0]) > largest:
        every = max(every + 1, -(-every * len(packed[0]) // largest))
    data, states = packed
    names = tuple((system, scores.name(system)) for system in scores.systems)
    return Packed(data, names, tuple((d.id, d.name, d.kind) for d in directions), every, states)


def _read(run: RunFiles, test: str = "") -> Iterator[_Direction]:
    """The outputs of a run by direction, or those of its second test with this name."""
    scored = {(row.system, row.direction) for row in run.scores.rows}
    of_id, of_name = (f"{test}/", f"{test}, ") if test else ("", "")
    for kind in KINDS:
        for code in run.scores.directions(kind):
            systems = [system for system in run.scores.systems if (system, code) in scored]
            outputs = {system: run.outputs(system, code) for system in systems}
            _same_sources(run, code, outputs)
            name = of_name + direction_name(code)
            yield _Direction(of_id + code, name, test or kind, code, run.details, outputs)


def _packed(
    systems: Sequence[str], directions: Sequence[_Direction], every: int
) -> tuple[str, tuple[str, ...]]:
    """The data and the states.

    Segments go line by line through all directions, so that gzip finds similar texts close to each other.
    """
    verdicts: dict[_Verdict, int] = {}
    segments: list[list[object]] = []
    for line in range(0, max(len(rows) for of in directions for rows in of.outputs.values()), every):
        for place, of in enumerate(directions):
            rows = {system: given[line] for system, given in of.outputs.items() if line < len(given)}
            if not rows:
                continue
            first = next(iter(rows.values()))
            shown = [
                _output(rows[system], line, of.code, system, of.details, verdicts) if system in rows else None
                for system in systems
            ]
            reference = shortened(first.reference) if first.reference else None
            segments.append([place, line + 1, shortened(first.source), reference, shown])
    data = {"verdicts": list(verdicts), "segments": segments}
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    # Half a surrogate pair has no UTF-8; it becomes a question mark.
    packed = gzip.compress(text.encode("utf-8", "replace"), 9, mtime=0)
    found = {state for _, state, _, _ in verdicts}
    states = tuple(state for state in _STATES if state in found)
    return base64.b64encode(packed).decode("ascii"), states


def _output(
    output: OutputLine,
    line: int,
    direction: str,
    system: str,
    details: Details,
    verdicts: dict[_Verdict, int],
) -> list[str | int]:
    """Text, verdict, percent, and start and length of the marked word if there is one."""
    lines = details.lines.get(system, {}).get(direction)
    label, probability = output.language, output.language_probability
    if lines and line in lines.read:
        label, probability = lines.read[line]
    if is_empty(output.text):
        label = ""
    if lines and lines.states is not None:
        state = lines.states.get(line, "on")
    else:
        target = Direction.parse(direction).target
        state = "on" if label and _on_target(label, target, details) else "off"
    verdict = (
        language_name(label),
        state,
        lines.outcomes.get(line, "on") if lines else "",
        int(output.finish_reason == "length"),
    )
    text = shortened(output.text)
    shown: list[str | int] = [text, verdicts.setdefault(verdict, len(verdicts)), round(100 * probability)]
    start, end = (lines.words.get(line) if lines else None) or (0, 0)
    if start < end <= len(text) and text[start:end] == output.text[start:end]:  # not in a part cut off
        shown += [_utf16(text[:start]), _utf16(text[start:end])]
    return shown


def _on_target(label: str, target: Language, details: Details) -> bool:
    return label in details.labels.get(str(target), {target.fasttext_label, str(target)})


def _utf16(text: str) -> int:
    """The length of a text in JavaScript."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _same_sources(run: RunFiles, direction: str, outputs: Mapping[str, Sequence[OutputLine]]) -> None:
    """Checks that line n of all systems has the same source, since the page shows them side by side."""
    (first, *others) = outputs or [""]
    for other in others:
        pairs = zip(outputs[first], outputs[other], strict=False)
        for line, (one, two) in enumerate(pairs, start=1):
            if one.source != two.source:
                folder = run.directory / "outputs"
                here, there = (outputs_folder(folder, name) / f"{direction}.jsonl" for name in (other, first))
                raise UserError(
                    f"{here}, line {line}: its source differs from that of {there}; delete both, "
                    f"and {remedy(run.directory)} again"
                )


@cache
def language_name(label: str) -> str:
    """`Dutch` for the identifier's label `nl`, `empty` for no label; a label unknown to CLDR is kept."""
    if label in (UNSURE, NEUTRAL):
        return "no language"
    try:
        return Language(label).name() if label else "empty"
    except UserError:
        return label


def shortened(text: str) -> str:
    """The part of a text that the page shows."""
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1].rstrip() + "…"
