"""Files of instructions and of answers to them: one a line, JSON lines, or AlpacaEval's JSON list."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ontarget.corpora.json_text import named_json, text_or_records
from ontarget.corpora.plain import lines_of
from ontarget.errors import UserError, counted
from ontarget.scoring.judge.win_rate import Pair
from ontarget.scoring.reading.json_keys import KNOWN


@dataclass(frozen=True, slots=True)
class ResponseFile:
    """What a file holds, in order.

    Attributes:
        path: for messages.
        instructions: where it has them: keys `instruction` and, after a blank line, `input`.
        texts: the key `output`, or the one key that is known as a hypothesis; the lines of a plain file.
    """

    path: Path
    instructions: Sequence[str] | None
    texts: Sequence[str] | None


def read_responses(path: Path) -> ResponseFile:
    """Reads a file; what it is is told by its content.

    Raises:
        UserError: it cannot be read, or a line is not a JSON object; the message says which.
    """
    lines, found = text_or_records(lines_of(path), f"'{path}'", surely=named_json(path.name))
    if found is None:
        return ResponseFile(path, None, list(lines))
    records = list(found)
    if records and all(isinstance(record, str) for _, record in records):
        return ResponseFile(path, None, [record for _, record in records])
    for where, record in records:
        if not isinstance(record, dict):
            raise UserError(f"{where}: not a JSON object")
    known = [key for key in KNOWN["hypothesis"] if records and key in records[0][1]]
    key = known[0] if len(known) == 1 else "output"
    return ResponseFile(
        path,
        _column(records, "instruction", _instruction),
        _column(records, key, lambda record: record.get(key)),
    )


def pair_up(ours: ResponseFile, theirs: ResponseFile, instructions: ResponseFile | None) -> list[Pair]:
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
                f"{answers.path} has {counted(len(answers.texts), 'answer')}, "
                f"but {source.path} has {counted(len(asked), 'instruction')}"
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


def _column(
    records: Sequence[tuple[str, Mapping[str, Any]]], key: str, get: Callable[[Mapping[str, Any]], Any]
) -> list[str] | None:
    """One text of each record; None where the first has none."""
    texts: list[str] = []
    for where, record in records:
        text = get(record)
        if text is None and not texts:
            return None
        if not isinstance(text, str):
            raise UserError(f"{where}: its '{key}' is {'missing' if text is None else 'not text'}")
        texts.append(text)
    return texts


def _instruction(record: Mapping[str, Any]) -> Any:
    """With its input, where there is one, as Alpaca has it."""
    instruction, rest = record.get("instruction"), record.get("input")
    return f"{instruction}\n\n{rest}" if instruction and rest else instruction
