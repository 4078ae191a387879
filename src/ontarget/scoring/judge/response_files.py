"""Reads files of instructions and responses: one per line, JSON lines, or AlpacaEval's JSON list."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ontarget.corpora.instructions import read_instructions
from ontarget.corpora.json_text import named_json, text_or_records
from ontarget.corpora.plain import lines_of
from ontarget.errors import UserError, counted
from ontarget.scoring.judge.win_rate import Pair
from ontarget.scoring.reading.json_keys import KNOWN


@dataclass(frozen=True, slots=True)
class ResponseFile:
    """The content of a file, in order.

    Attributes:
        path: the file, for messages.
        instructions: the key `instruction` and, after a blank line, `input`; None if the file has none.
        texts: the key `output`, or the only key that is known as a hypothesis; the lines of a plain file.
    """

    path: Path
    instructions: Sequence[str] | None
    texts: Sequence[str] | None


def read_responses(path: Path) -> ResponseFile:
    """Reads a file; its content decides the format.

    Raises:
        UserError: the file cannot be read, or a line is not a JSON object; the message names it.
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


def read_prompts(path: Path) -> ResponseFile:
    """Reads a file of instructions alone, as `ontarget answer` does.

    Raises:
        UserError: the file cannot be read, or a record has no instruction; the message names it.
    """
    asked = read_instructions(str(path), answered=False)
    return ResponseFile(path, [_with_input(one.instruction, one.input) for one in asked], None)


def pair_up(ours: ResponseFile, theirs: ResponseFile, instructions: ResponseFile | None) -> list[Pair]:
    """Pairs the responses of two systems line by line.

    Args:
        ours: the responses of the first system.
        theirs: the responses of the second system.
        instructions: of `read_prompts`; None if the files of responses have them.
    Raises:
        UserError: there are no instructions, or the files do not belong together.
    """
    source = instructions or (ours if ours.instructions else theirs)
    prompts = source.instructions
    if prompts is None:
        raise UserError(
            f"neither {ours.path} nor {theirs.path} has instructions: "
            "give them as --instructions FILE, line by line"
        )
    for responses in (ours, theirs):
        if responses.texts is None:
            raise UserError(f"{responses.path} has no responses: each object needs the key 'output'")
        if len(responses.texts) != len(prompts):
            raise UserError(
                f"{responses.path} has {counted(len(responses.texts), 'response')}, "
                f"but {source.path} has {counted(len(prompts), 'instruction')}"
            )
        for number, (one, other) in enumerate(
            zip(responses.instructions or prompts, prompts, strict=True), start=1
        ):
            if one != other:
                raise UserError(
                    f"{responses.path} and {source.path} have different instructions at number {number}"
                )
    assert ours.texts is not None
    assert theirs.texts is not None
    return [Pair(*parts) for parts in zip(prompts, ours.texts, theirs.texts, strict=True)]


def _column(
    records: Sequence[tuple[str, Mapping[str, Any]]], key: str, get: Callable[[Mapping[str, Any]], Any]
) -> list[str] | None:
    """One text from each record; None if the first record has none."""
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
    return _with_input(record.get("instruction"), record.get("input"))


def _with_input(instruction: Any, rest: Any) -> Any:
    """The instruction followed by its input, if there is one, as in Alpaca."""
    return f"{instruction}\n\n{rest}" if instruction and rest else instruction
