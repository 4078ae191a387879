"""General instruction data in the form of Alpaca: instruction, input, output (Taori et al. 2023)."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ontarget.corpora.plain import read_lines
from ontarget.errors import UserError
from ontarget.files import expanded


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction with its answer; `input` is empty where it needs none."""

    instruction: str
    input: str
    output: str


def read_instructions(path: str, *, answered: bool = True) -> list[Instruction]:
    """The records of a JSON list, or of JSON lines, gz or not.

    Args:
        answered: each is to have an output, and those whose output is blank are left out; else it may lack.

    Raises:
        UserError: the file is missing or broken, or a record lacks what it is to have.
    """
    file = expanded(path)
    lines = read_lines(file)
    found = []
    for where, record in _records(file, lines):
        texts = record if isinstance(record, dict) else {}
        output = texts.get("output") if answered else texts.get("output") or ""
        values = [texts.get("instruction"), texts.get("input") or "", output]
        if not all(isinstance(value, str) for value in values) or not str(values[0]).strip():
            raise UserError(
                f"'{file}', {where}: an instruction is a mapping with `instruction`"
                f"{' and `output`' * answered}, perhaps `input`, each of them text"
            )
        if str(output).strip() or not answered:  # some of Alpaca's are empty
            found.append(Instruction(*map(str, values)))
    if not found:
        raise UserError(f"'{file}' holds no instruction{' with an output' * answered}")
    return found


def _records(file: Path, lines: list[str]) -> Iterator[tuple[str, Any]]:
    """Each record with the place where it stands."""
    if next((line for line in lines if line.strip()), "").lstrip().startswith("["):
        for number, record in enumerate(_parsed("\n".join(lines), file, 1), start=1):
            yield f"record {number}", record
        return
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield f"line {number}", _parsed(line, file, number)


def _parsed(text: str, file: Path, line: int) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise UserError(
            f"'{file}', line {line + error.lineno - 1}: not JSON ({error.msg}); it should hold a list of "
            "instructions, or one a line"
        ) from None
