"""Texts to score: read lazily, and aligned line by line."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from ontarget.errors import UserError, counted
from ontarget.languages import Direction
from ontarget.scoring.reading.hypotheses import HypothesisLine
from ontarget.scoring.reading.json_keys import Wanted
from ontarget.scoring.reading.named_files import STDIN
from ontarget.text import in_one_line


@dataclass(frozen=True, slots=True)
class Text:
    """A text under the name that the user gave; it can be read repeatedly."""

    name: str
    lines: Callable[[], Iterable[str]]


def known(name: str, lines: list[str]) -> Text:
    """A text in memory, with a name for messages."""
    return Text(name, lambda: lines)


def text(name: str, wanted: Wanted, *, again: bool = False) -> Text:
    """A file that is read lazily; with `again`, input that can be read only once is kept in memory."""
    if again and (name == STDIN or not Path(name).is_file()):
        return known(name, list(_read(name, wanted)))
    return Text(name, lambda: _read(name, wanted))


def hypothesis(name: str, wanted: Wanted) -> Text:
    """As `text`, but multi-line responses keep their line breaks."""
    return Text(name, lambda: _read(name, wanted, folded=False))


def test_set(name: str, direction: Direction) -> tuple[Text, list[Text]]:
    """Source and references of one of sacreBLEU's test sets.

    Raises:
        UserError: the set is unknown, lacks this direction, or cannot be downloaded.
    """
    from ontarget.corpora.sacrebleu_sets import read_test_set

    source, references = read_test_set(name, direction)
    title = f"{name} {direction}"
    return known(title, source), [known(title, lines) for lines in references]


def _read(name: str, wanted: Wanted, *, folded: bool = True) -> Iterator[str]:
    from ontarget.corpora.opening import standard_input
    from ontarget.scoring.reading.texts import texts_in, texts_of_file

    if name != STDIN:
        yield from texts_of_file(Path(name), wanted, folded=folded)
        return
    with standard_input() as file:
        yield from texts_in(file, "standard input", wanted, folded=folded)


def aligned(
    text: Text, source: Text | None, references: Sequence[Text], num_refs: int = 1
) -> Iterator[HypothesisLine]:
    """Joins line n of each text. A line of a reference file has `num_refs` references, separated by tabs.

    Raises:
        UserError: numbers of lines differ, or a line has the wrong number of references.
    """
    others = [*([source] if source else []), *references]
    if not others:
        yield from map(_alone, text.lines())
        return
    streams = [iter(one.lines()) for one in (text, *others)]
    end = object()
    for number, lines in enumerate(zip_longest(*streams, fillvalue=end)):
        if end in lines:
            counts = [
                number + (line is not end) + sum(1 for _ in stream)
                for line, stream in zip(lines, streams, strict=True)
            ]
            name, count = next((o.name, c) for o, c in zip(others, counts[1:], strict=True) if c != counts[0])
            raise UserError(
                f"'{text.name}' has {counted(counts[0], 'line')} but '{name}' has {count}; "
                "line n of one must correspond to line n of the other"
            )
        first, *rest = lines
        of_source = rest.pop(0) if source else None
        of_references: tuple[str, ...] = tuple(rest)  # type: ignore[arg-type]  # `end` was handled above
        if num_refs > 1:
            of_references = _split(of_references[0], num_refs, f"'{references[0].name}', line {number + 1}")
        line, response = _in_one_line(first)  # type: ignore[arg-type]
        yield HypothesisLine(line, of_source, of_references, response=response)  # type: ignore[arg-type]


def _alone(text: str) -> HypothesisLine:
    line, response = _in_one_line(text)
    return HypothesisLine(line, None, (), None, response)


def _in_one_line(text: str) -> tuple[str, str | None]:
    """A hypothesis joined into one line, and the original if it had several lines."""
    return (in_one_line(text), text) if "\n" in text else (text, None)


def _split(text: str, num_refs: int, where: str) -> tuple[str, ...]:
    """The references of one line, as sacreBLEU's `--num-refs` splits them."""
    found = tuple(text.rstrip().split("\t", maxsplit=num_refs - 1))
    if len(found) != num_refs:
        raise UserError(
            f"{where} has {counted(len(found), 'reference')} but --num-refs is {num_refs}; "
            "separate them by tabs"
        )
    return found
