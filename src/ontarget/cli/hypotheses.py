"""Reads the inputs of `ontarget score` and `ontarget compare` as aligned lines."""

from collections.abc import Sequence
from pathlib import Path

from ontarget.cli.aligned import Text, aligned, hypothesis, test_set, text
from ontarget.cli.given import Given, check_keys, check_not_reference, check_options
from ontarget.corpora.file_names import is_pattern
from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.scoring.reading.hypotheses import Hypotheses, is_outputs, read_outputs
from ontarget.scoring.reading.json_keys import Wanted
from ontarget.scoring.reading.named_files import STDIN

__all__ = ["Given", "hypotheses_of"]


def hypotheses_of(names: Sequence[str], given: Given) -> list[Hypotheses]:
    """The hypotheses in files, or in the outputs of runs.

    Raises:
        UserError: a file cannot be read, or the options do not fit the files.
    """
    if [*names, *given.references, given.source].count(STDIN) > 1:
        raise UserError("'-' is given twice, but standard input can be read only once")
    # Options take precedence over languages in file names.
    of_runs = [
        name
        for name in names
        if name != STDIN and is_outputs(Path(name)) and (given == Given() or Path(name).is_dir())
    ]
    if not of_runs and _is_by_name(names, given):
        from ontarget.cli.by_name import hypotheses_by_name

        return hypotheses_by_name(names, given)
    if not of_runs:
        return _of_files(names, given)
    if len(of_runs) < len(names):
        raise UserError("files and outputs of runs cannot be combined; give one kind")
    read = [one for name in names for one in read_outputs(Path(name))]
    if given != Given():
        raise UserError(
            f"'{of_runs[0]}' already contains its languages, sources and references; omit options for them "
            "(--to, --from, --reference, --source, --test-set, --direction, and those for keys)"
        )
    return read


def _is_by_name(names: Sequence[str], given: Given) -> bool:
    """Whether file names give the languages: for folders, patterns, and no or several target languages."""
    several = [*names, *given.references, *([given.source] if given.source else [])]
    return (
        (given.to is None and given.direction is None)
        or "," in (given.to or "")
        or any(name != STDIN and (Path(name).is_dir() or is_pattern(name)) for name in several)
    )


def _of_files(names: Sequence[str], given: Given) -> list[Hypotheses]:
    for name in names:
        check_not_reference(name, given.references)
    again = len(names) > 1  # sources and references are read once for each system
    target, language, source, references = _test_set(given) if given.test_set else _own(given, again)
    check_keys(given, names)
    wanted = Wanted("hypothesis", target, given.keys, alone=len(names) == 1)
    return [
        Hypotheses(
            Path(name).name,
            target,
            language,
            aligned(hypothesis(name, wanted), source, references, given.num_refs),
            name,
        )
        for name in names
    ]


_Task = tuple[Language, Language | None, Text | None, list[Text]]
"""Target, source language, source texts, references."""


def _own(given: Given, again: bool) -> _Task:
    check_options(given)
    if given.source and not given.from_:
        raise UserError("--source needs --from, its language")
    target, source = Language(str(given.to)), Language(given.from_) if given.from_ else None
    if source == target:
        raise UserError(f"--from and --to are both {target}; give two different languages")
    of_source = Wanted("source", source, [given.source_key] if given.source_key else [], alone=True)
    key = [given.reference_key] if given.reference_key else []
    of_reference = Wanted("reference", target, key, alone=len(given.references) == 1)
    return (
        target,
        source,
        text(given.source, of_source, again=again) if given.source else None,
        [text(name, of_reference, again=again) for name in given.references],
    )


def _test_set(given: Given) -> _Task:
    check_options(given)
    if not given.direction:
        raise UserError(f"--test-set {given.test_set} needs --direction, such as --direction de-fr")
    direction = Direction.parse(given.direction)
    if direction.source == direction.target:
        raise UserError(f"--direction {given.direction} has the same language twice; give two")
    return (direction.target, direction.source, *test_set(str(given.test_set), direction))
