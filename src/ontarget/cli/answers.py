"""What `ontarget score` and `ontarget compare` are given, brought into one shape: answers, line by line."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.scoring.answers import Answers, Line, is_outputs, read_outputs

STDIN = "-"


@dataclass(frozen=True, slots=True)
class Given:
    """What the options say of plain files. The outputs of a run say it themselves."""

    to: str | None = None
    from_: str | None = None
    references: Sequence[str] = ()
    source: str | None = None
    test_set: str | None = None
    direction: str | None = None


@dataclass(frozen=True, slots=True)
class _Text:
    """A text by the name that the user gave it, to be read as often as need be."""

    name: str
    lines: Callable[[], Iterable[str]]


def answers_of(names: Sequence[str], given: Given) -> list[Answers]:
    """The answers in some files, or in the outputs of runs.

    Raises:
        UserError: a file cannot be read, or the options do not fit what is given.
    """
    if list(names).count(STDIN) > 1:
        raise UserError("'-' is given twice: standard input can be read once")
    of_runs = [name for name in names if name != STDIN and is_outputs(Path(name))]
    if not of_runs:
        return _of_files(names, given)
    if len(of_runs) < len(names):
        raise UserError("give plain files, or the outputs of runs; not both at once")
    read = [answers for name in names for answers in read_outputs(Path(name))]
    if given != Given():
        raise UserError(
            f"'{of_runs[0]}' says its own languages, sources and references; leave out --to, --from, "
            "--reference, --source, --test-set and --direction"
        )
    return read


def _of_files(names: Sequence[str], given: Given) -> list[Answers]:
    target, language, source, references = _test_set(given) if given.test_set else _own(given)
    return [
        Answers(
            Path(name).name, target, language, _aligned(_text(name, whole=False), source, references), name
        )
        for name in names
    ]


_Task = tuple[Language, Language | None, _Text | None, list[_Text]]
"""Target, source language, source texts, references."""


def _own(given: Given) -> _Task:
    if given.direction:
        raise UserError("--direction belongs to --test-set; for files of your own give --from and --to")
    if not given.to:
        raise UserError("--to is missing, the language that was asked for: --to fr")
    if given.source and not given.from_:
        raise UserError("--source needs --from, the language that it is in")
    whole = bool(given.references)
    return (
        Language(given.to),
        Language(given.from_) if given.from_ else None,
        _text(given.source, whole) if given.source else None,
        [_text(name, whole=True) for name in given.references],
    )


def _test_set(given: Given) -> _Task:
    name = str(given.test_set)
    if given.to or given.from_ or given.references or given.source:
        raise UserError(f"--test-set {name} brings its own source and references; give --direction alone")
    if not given.direction:
        raise UserError(f"--test-set {name} needs --direction: --direction de-fr")
    from ontarget.corpora.sacrebleu_sets import read_test_set

    direction = Direction.parse(given.direction)
    source, references = read_test_set(name, direction)
    title = f"{name} {direction}"
    return direction.target, direction.source, _known(title, source), [_known(title, x) for x in references]


def _known(name: str, lines: list[str]) -> _Text:
    return _Text(name, lambda: lines)


def _text(name: str, whole: bool) -> _Text:
    """A file; `whole` if it is read more than once, as those of several systems' references are."""
    from ontarget.corpora.plain import lines_in, lines_of, read_lines

    if name == STDIN:
        return _Text(name, lambda: lines_in(sys.stdin.buffer, "standard input"))
    if whole:
        return _known(name, read_lines(Path(name)))
    return _Text(name, lambda: lines_of(Path(name)))


def _aligned(text: _Text, source: _Text | None, references: Sequence[_Text]) -> Iterator[Line]:
    """Line n of each, as one.

    Raises:
        UserError: one of them has more lines or fewer than the hypotheses.
    """
    others = [*([source] if source else []), *references]
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
                f"'{text.name}' has {counts[0]} lines but '{name}' has {count}; "
                "line n of one must belong to line n of the other"
            )
        first, *rest = lines
        of_source = rest.pop(0) if source else None
        yield Line(first, of_source, tuple(rest))  # type: ignore[arg-type]  # none of them is `end`
