"""Files of instructions and of answers to them: one a line, JSON lines, or AlpacaEval's JSON list."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ontarget.corpora.plain import read_lines
from ontarget.errors import UserError
from ontarget.scoring.judge import Pair


@dataclass(frozen=True, slots=True)
class Answers:
    """What a file holds, in order.

    Attributes:
        path: for messages.
        instructions: where it has them: keys `instruction` and, after a blank line, `input`.
        texts: the key `output` or `text`; the lines of a plain file.
    """

    path: Path
    instructions: Sequence[str] | None
    texts: Sequence[str] | None


def read_answers(path: Path) -> Answers:
    """Reads a file; what it is is told by its content.

    Raises:
        UserError: it cannot be read, or a line is no JSON object; the message says which.
    """
    lines = read_lines(path)
    records = _records(path, lines)
    if records is None:
        return Answers(path, None, lines)
    return Answers(
        path,
        _column(path, records, _instruction),
        _column(path, records, lambda record: record.get("output", record.get("text"))),
    )


def pair_up(ours: Answers, theirs: Answers, instructions: Answers | None) -> list[Pair]:
    """Line n of all files belongs together.

    Args:
        instructions: a file of their own; the answers' files may have them instead.
    Raises:
        UserError: no instructions, or files that do not belong together.
    """
    asked, source = None, instructions or ours
    if instructions:  # a plain file of instructions is read as texts
        asked = instructions.instructions or instructions.texts
    else:
        asked = ours.instructions or theirs.instructions
        source = ours if ours.instructions else theirs
    if asked is None:
        raise UserError(
            f"neither {ours.path} nor {theirs.path} has instructions: "
            "give them as --instructions FILE, line by line"
        )
    for answers in (ours, theirs):
        if answers.texts is None:
            raise UserError(f"{answers.path} has no answers: an object needs the key 'output'")
        if len(answers.texts) != len(asked):
            raise UserError(
                f"{answers.path} has {len(answers.texts)} answers, "
                f"but {source.path} has {len(asked)} instructions"
            )
        for number, (one, other) in enumerate(
            zip(answers.instructions or asked, asked, strict=True), start=1
        ):
            if one != other:
                raise UserError(
                    f"{answers.path} and {source.path} have different instructions at number {number}"
                )
    assert ours.texts is not None
    assert theirs.texts is not None
    return [Pair(*parts) for parts in zip(asked, ours.texts, theirs.texts, strict=True)]


def _records(path: Path, lines: Sequence[str]) -> list[Mapping[str, Any]] | None:
    """The objects of JSON lines or of one JSON list; None for plain text."""
    begin = next((line for line in lines if line.strip()), "").lstrip()
    if begin.startswith("["):
        try:
            found = json.loads("\n".join(lines))
        except ValueError:
            return None
        return found if isinstance(found, list) and all(isinstance(r, dict) for r in found) else None
    if not begin.startswith("{"):
        return None
    records: list[Mapping[str, Any]] = []
    for number, line in enumerate(lines, start=1):
        try:
            record = json.loads(line)
        except ValueError as error:
            raise UserError(f"{path}, line {number}: not JSON ({error})") from None
        if not isinstance(record, dict):
            raise UserError(f"{path}, line {number}: not a JSON object")
        records.append(record)
    return records


def _column(path: Path, records: Sequence[Mapping[str, Any]], get: Any) -> list[str] | None:
    """One text of each record; None where the first has none."""
    texts: list[str] = []
    for number, record in enumerate(records, start=1):
        text = get(record)
        if text is None and number == 1:
            return None
        if not isinstance(text, str):
            raise UserError(
                f"{path}, object {number}: its instruction or its answer is missing, or is no text"
            )
        texts.append(text)
    return texts


def _instruction(record: Mapping[str, Any]) -> Any:
    """With its input, where there is one, as Alpaca has it."""
    instruction, rest = record.get("instruction"), record.get("input")
    return f"{instruction}\n\n{rest}" if instruction and rest else instruction
