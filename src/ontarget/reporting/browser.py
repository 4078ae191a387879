"""All outputs of a run, packed for the page: its script unpacks them, filters them and shows them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.reporting.details import NEUTRAL, UNSURE, Details
from ontarget.reporting.page_codec import compact
from ontarget.reporting.run_files import KINDS, Output, Run
from ontarget.reporting.systems import display_name
from ontarget.reporting.table import direction_name
from ontarget.text import is_empty

LARGEST = 2_600_000
"""Bytes that the packed outputs may take of a page; above it, every second, third ... line is left out."""
_STATES = ("off", "unsure", "neutral")
_LONGEST = 500  # characters shown of one text: an untuned model may run on for pages
_Verdict = tuple[str, str, str, int]
"""Language as printed; `on`, `off`, `unsure` or `neutral`; outcome by the strict definition; cut or not."""


@dataclass(frozen=True, slots=True)
class Packed:
    """What the script reads, and what the page says of it.

    Attributes:
        data: see `compact.py`. The header's `verdicts` are `[language, state, outcome, cut]`. The columns
            are, of segments, the direction and the line, and the texts as `_Texts.number` has them: the
            source, the reference, an answer of each system; and of answers, the verdict, how sure the
            identifier is in percent, start and length of the first word that is off-language, in UTF-16 units
            as JavaScript counts them (length 0 for none). Directions, systems and verdicts are places in
            their lists.
        systems: id and printed name of each.
        directions: id, printed name and kind of each.
        every: 1 where all lines are in it, 2 where every second one is.
        states: of answers, other than on target, as far as they occur.
    """

    data: str
    systems: tuple[tuple[str, str], ...]
    directions: tuple[tuple[str, str, str], ...]
    every: int
    states: tuple[str, ...]


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
    while len((packed := _packed(run.details, systems, directions, outputs, every))[0]) > largest:
        every = max(every + 1, -(-every * len(packed[0]) // largest))
    data, states = packed
    names = tuple((system, display_name(system)) for system in systems)
    return Packed(data, names, directions, every, states)


def _packed(
    details: Details,
    systems: Sequence[str],
    directions: Sequence[tuple[str, str, str]],
    outputs: Sequence[Mapping[str, Sequence[Output]]],
    every: int,
) -> tuple[str, tuple[str, ...]]:
    """The data, line by line through all directions, so that texts that are alike stand near each other; and
    the states."""
    texts, verdicts = _Texts(), dict[_Verdict, int]()
    segments: list[tuple[int, int]] = []
    said: list[int] = []
    answers: list[tuple[int, ...]] = []
    for line in range(0, max(len(rows) for of in outputs for rows in of.values()), every):
        for place, of_direction in enumerate(outputs):
            rows = {system: given[line] for system, given in of_direction.items() if line < len(given)}
            if not rows:
                continue
            segments.append((place, line + 1))
            first = next(iter(rows.values()))
            said += [texts.number(first.source), texts.number(first.reference or None)]
            said += [texts.number(rows[system].text if system in rows else None) for system in systems]
            name = directions[place][0]
            answers += [
                _answer(rows[system], line, name, system, details, verdicts)
                for system in systems
                if system in rows
            ]
    columns = [*zip(*segments, strict=True), said, *zip(*answers, strict=True)]
    found = {state for _, state, _, _ in verdicts}
    states = tuple(state for state in _STATES if state in found)
    return compact({"verdicts": list(verdicts)}, columns, list(texts.places)), states


class _Texts:
    """Distinct texts, as they are shown, each with its place."""

    def __init__(self) -> None:
        self.places: dict[str, int] = {}

    def number(self, text: str | None) -> int:
        """0 for none, 1 for the next that is new; of one that was there, how many texts back it is, and 1."""
        if text is None:
            return 0
        place = self.places.setdefault(shortened(text), before := len(self.places))
        return 1 if place == before else before - place + 1


def _answer(
    output: Output, line: int, direction: str, system: str, details: Details, verdicts: dict[_Verdict, int]
) -> tuple[int, ...]:
    """Verdict, percent, and start and length of the word that is marked."""
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
    start, end = (lines.words.get(line) if lines else None) or (0, 0)
    if end > len(text) or text[start:end] != output.text[start:end]:
        start, end = 0, 0  # in what is not shown
    return (
        verdicts.setdefault(verdict, len(verdicts)),
        round(100 * probability),
        _utf16(text[:start]),
        _utf16(text[start:end]),
    )


def _on_target(label: str, target: Language, details: Details) -> bool:
    return label in details.labels.get(str(target), {target.fasttext_label, str(target)})


def _utf16(text: str) -> int:
    """How long a text is in JavaScript."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


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


@cache
def language_name(label: str) -> str:
    """`Dutch` for the identifier's `nl`, `empty` for none; a label that CLDR does not know stays."""
    if label in (UNSURE, NEUTRAL):
        return "no language"
    try:
        return Language(label).name() if label else "empty"
    except UserError:
        return label


def shortened(text: str) -> str:
    """What is shown of a text."""
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1].rstrip() + "…"
