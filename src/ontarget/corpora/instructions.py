"""Reads general instruction data in Alpaca's format: instruction, input, output (Taori et al. 2023)."""

from dataclasses import dataclass

from ontarget.corpora.json_text import text_or_records
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
            output may be missing.

    Raises:
        UserError: the file is missing or broken, or a record lacks a required key.
    """
    file = expanded(path)
    _, records = text_or_records(lines_of(file), f"'{file}'", surely=True)
    found = []
    for where, record in records or ():
        texts = record if isinstance(record, dict) else {}
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
