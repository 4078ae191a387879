"""Reads general instructions in Alpaca's format (Taori et al. 2023), or as lines of text."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ontarget.corpora.json_text import named_json, text_or_records
from ontarget.corpora.plain import lines_of
from ontarget.errors import UserError
from ontarget.files import expanded


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction with its output; `input` is empty if there is none."""

    instruction: str
    input: str
    output: str


def read_instructions(path: str, *, answered: bool = True) -> list[Instruction]:
    """The records of a JSON list or of JSON lines, compressed or not.

    Args:
        path: the file.
        answered: requires an output in each record, and ignores records with a blank output; otherwise the
            output may be missing, and a record may be text: a string of a list, or a line of plain text.

    Raises:
        UserError: the file is missing or broken, or a record lacks a required key.
    """
    file = expanded(path)
    found = []
    for where, record in _records(file, f"'{file}'", plain=not answered):
        texts = record if isinstance(record, dict) else {}
        if isinstance(record, str) and not answered:
            texts = {"instruction": record}
            if not record.strip():
                raise UserError(f"{where}: the instruction is empty; remove it, and what belongs to it")
        output = texts.get("output") if answered else texts.get("output") or ""
        values = [texts.get("instruction"), texts.get("input") or "", output]
        if not all(isinstance(value, str) for value in values) or not str(values[0]).strip():
            raise UserError(
                f"{where}: a record needs the key `instruction`{' and the key `output`' * answered}, and may "
                "have `input`; the values must be text"
            )
        if str(output).strip() or not answered:  # some outputs of Alpaca are empty
            found.append(Instruction(*map(str, values)))
    if not found:
        raise UserError(f"'{file}' contains no instruction{' with an output' * answered}")
    return found


def _records(file: Path, name: str, *, plain: bool) -> Iterator[tuple[str, Any]]:
    """Records with their places; the lines of plain text, if that is allowed."""
    lines, records = text_or_records(lines_of(file), name, surely=not plain or named_json(file.name))
    yield from records or ((f"{name}, line {number}", line) for number, line in enumerate(lines, start=1))
