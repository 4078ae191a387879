"""What `ontarget score` and `ontarget compare` are given, brought into one shape: answers, line by line."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ontarget.cli.aligned import STDIN, Text, aligned, hypothesis, known, text
from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.scoring.answers import Answers, is_outputs, read_outputs
from ontarget.scoring.keys import Wanted


@dataclass(frozen=True, slots=True)
class Given:
    """What the options say of files. The outputs of a run say it themselves."""

    to: str | None = None
    from_: str | None = None
    references: Sequence[str] = ()
    source: str | None = None
    test_set: str | None = None
    direction: str | None = None
    keys: Sequence[str] = ()
    reference_key: str | None = None
    source_key: str | None = None
    num_refs: int = 1


def answers_of(names: Sequence[str], given: Given) -> list[Answers]:
    """The answers in some files, or in the outputs of runs.

    Raises:
        UserError: a file cannot be read, or the options do not fit what is given.
    """
    if [*names, *given.references, given.source].count(STDIN) > 1:
        raise UserError("'-' is given twice: standard input can be read once")
    # What a file's name says of its language yields to the options.
    of_runs = [
        name
        for name in names
        if name != STDIN and is_outputs(Path(name)) and (given == Given() or Path(name).is_dir())
    ]
    if not of_runs:
        return _of_files(names, given)
    if len(of_runs) < len(names):
        raise UserError("give files, or the outputs of runs; not both at once")
    read = [answers for name in names for answers in read_outputs(Path(name))]
    if given != Given():
        raise UserError(
            f"'{of_runs[0]}' says its own languages, sources and references; give no options for them "
            "(--to, --from, --reference, --source, --test-set, --direction, and those for keys)"
        )
    return read


def _of_files(names: Sequence[str], given: Given) -> list[Answers]:
    again = len(names) > 1  # sources and references are read once for each system
    target, language, source, references = _test_set(given) if given.test_set else _own(given, again)
    wanted = Wanted("hypothesis", target, given.keys)
    return [
        Answers(
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
    if given.direction:
        raise UserError("--direction belongs to --test-set; for files of your own give --from and --to")
    if not given.to:
        raise UserError("--to is missing, the language that was asked for: --to fr")
    if given.source and not given.from_:
        raise UserError("--source needs --from, the language that it is in")
    if given.reference_key and not given.references:
        raise UserError("--reference-key needs --reference, the file that has the key")
    if given.num_refs > 1 and len(given.references) != 1:
        raise UserError(
            f"--num-refs {given.num_refs} splits each line of one --reference at tabs; give exactly one, "
            "or leave --num-refs out"
        )
    if given.source_key and not given.source:
        raise UserError("--source-key needs --source, the file that has the key")
    target, source = Language(given.to), Language(given.from_) if given.from_ else None
    if source == target:
        raise UserError(f"--from and --to are both {target}; name two languages")
    of_source = Wanted("source", source, [given.source_key] if given.source_key else [])
    of_reference = Wanted("reference", target, [given.reference_key] if given.reference_key else [])
    return (
        target,
        source,
        text(given.source, of_source, again=again) if given.source else None,
        [text(name, of_reference, again=again) for name in given.references],
    )


def _test_set(given: Given) -> _Task:
    name = str(given.test_set)
    own = (given.to, given.from_, given.references, given.source, given.reference_key, given.source_key)
    if any(own) or given.num_refs > 1:
        raise UserError(f"--test-set {name} brings its own source and references; give --direction alone")
    if not given.direction:
        raise UserError(f"--test-set {name} needs --direction: --direction de-fr")
    from ontarget.corpora.sacrebleu_sets import read_test_set

    direction = Direction.parse(given.direction)
    if direction.source == direction.target:
        raise UserError(f"--direction {given.direction} is from {direction.source} into itself")
    source, references = read_test_set(name, direction)
    title = f"{name} {direction}"
    return direction.target, direction.source, known(title, source), [known(title, x) for x in references]
