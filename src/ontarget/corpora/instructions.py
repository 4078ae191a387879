"""General instruction data in the form of Alpaca: instruction, input, output (Taori et al. 2023)."""

from dataclasses import dataclass

from ontarget.corpora.json_text import text_or_records
from ontarget.corpora.plain import lines_of
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
    _, records = text_or_records(lines_of(file), f"'{file}'", surely=True)
    found = []
    for where, record in records or ():
        texts = record if isinstance(record, dict) else {}
        output = texts.get("output") if answered else texts.get("output") or ""
        values = [texts.get("instruction"), texts.get("input") or "", output]
        if not all(isinstance(value, str) for value in values) or not str(values[0]).strip():
            raise UserError(
                f"{where}: an instruction is a mapping with `instruction`"
                f"{' and `output`' * answered}, perhaps `input`, each of them text"
            )
        if str(output).strip() or not answered:  # some of Alpaca's are empty
            found.append(Instruction(*map(str, values)))
    if not found:
        raise UserError(f"'{file}' holds no instruction{' with an output' * answered}")
    return found
