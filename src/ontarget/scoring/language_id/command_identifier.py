"""Language identification by the user's own command, which reads lines and writes one language per line."""

import hashlib
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from threading import Event, Thread, Timer
from typing import IO

from ontarget import given
from ontarget.errors import UserError, counted
from ontarget.scoring.language_id.own_identifier import OwnIdentifier, plain
from ontarget.text import in_one_line

PREFIX = "cmd:"
"""The prefix that marks the name of an identifier as a command."""
_LONGEST = 10_000  # bytes of an output line: a language and a probability
_MINUTES = 10  # limit for one chunk of lines, including the loading of a model


def command_identifier(line: str) -> OwnIdentifier:
    """Makes an identifier of a command.

    The command is started for every chunk of lines (at most 10,000), without a shell. It reads the lines from
    standard input and writes their languages to standard output, one per line and in order: `fr`, or `fr`, a
    tab and the probability, 0 to 1. Both streams are UTF-8. `und` means that the language is unknown.

    Args:
        line: the command and its arguments, quoted as for a shell: `./my-lid --model 'a b.bin'`.

    Raises:
        UserError: the command is empty, badly quoted, not found or not executable.
    """
    try:
        arguments = shlex.split(line)
    except ValueError as error:
        raise UserError(
            f"the identifier's command {given.shown(line)} cannot be read: {str(error).lower()}"
        ) from None
    if not arguments:
        raise UserError(f"there is no command after {PREFIX}; give one, such as '{PREFIX} ./my-lid'")
    if shutil.which(arguments[0]) is None:
        why = "cannot be executed" if Path(arguments[0]).exists() else "was not found"
        raise UserError(f"the identifier's command '{arguments[0]}' {why}{_hint(arguments[0])}")
    digest = hashlib.sha256(shlex.join(arguments).encode("utf-8", "surrogateescape")).hexdigest()
    name = f"{PREFIX}{plain(Path(arguments[0]).name)}@{digest[:8]}"
    called = f"the identifier {given.shown(line.strip())}"
    return OwnIdentifier(lambda texts: _asked(arguments, called, texts), name, called)


def _hint(name: str) -> str:
    if "," in name:
        return "; a command takes the rest of the line, so name other identifiers before it"
    if Path(name).is_file():
        return f"; if it is a script, make it executable (chmod +x {name}) or name its interpreter"
    return "; give its path, such as ./my-lid"


def _asked(arguments: Sequence[str], called: str, texts: Sequence[str]) -> list[tuple[str, float] | str]:
    """The results of one run of the command; errors name the line of its output."""
    lines = "".join(f"{in_one_line(text)}\n" for text in texts).encode("utf-8", "replace")
    with TemporaryFile() as errors:
        try:
            process = subprocess.Popen(
                arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors
            )
        except OSError as error:
            raise UserError(f"{called} cannot be started: {error.strerror}") from None
        rows, in_time = _written(process, lines, len(texts) + 1)
        errors.seek(0)
        message = errors.read().decode("utf-8", "replace").strip().split("\n")[-1]
    if not in_time:
        raise UserError(
            f"{called} did not end within {_MINUTES:g} minutes for {counted(len(texts), 'line')}; it must "
            "end when its standard input ends"
        )
    if len(rows) > len(texts):
        n = counted(len(texts), "line")
        raise UserError(f"{called} writes more than {n} for {n} of text; it must write one language a line")
    if process.returncode:
        code = process.returncode
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        raise UserError(f"{called} failed with {how}{f': {message}' if message else ''}")
    if len(rows) != len(texts):
        raise UserError(
            f"{called} writes {counted(len(rows), 'line')} for {counted(len(texts), 'line')} of text; it "
            "must write one language a line"
        )
    try:
        results = [row.decode("utf-8").rstrip("\r\n") for row in rows]
    except UnicodeDecodeError:
        raise UserError(f"{called} writes bytes that are not UTF-8; make it write UTF-8") from None
    return [_parsed(row, called, number) for number, row in enumerate(results, start=1)]


def _written(process: "subprocess.Popen[bytes]", lines: bytes, most: int) -> tuple[list[bytes], bool]:
    """The lines that a process writes, up to `most`, and whether it ended in time.

    The process is killed at either limit, so a process that never stops cannot fill the memory.
    """
    assert process.stdin is not None
    assert process.stdout is not None
    late = Event()

    def stop() -> None:
        late.set()
        process.kill()

    def feed(stream: IO[bytes]) -> None:
        with suppress(BrokenPipeError, OSError), stream:
            stream.write(lines)

    timer = Timer(60 * _MINUTES, stop)
    timer.start()
    Thread(target=feed, args=(process.stdin,), daemon=True).start()
    rows: list[bytes] = []
    try:
        while len(rows) < most and (row := process.stdout.readline(_LONGEST)):
            rows.append(row)
        if len(rows) == most:
            process.kill()
        process.wait()
    finally:
        timer.cancel()
        process.kill()
        process.stdout.close()
    return rows, not late.is_set()


def _parsed(row: str, called: str, number: int) -> tuple[str, float] | str:
    code, tab, probability = row.partition("\t")
    if not tab:
        return code
    try:
        return code, float(probability)
    except ValueError:
        raise UserError(
            f"{called} writes {given.shown(row)} in line {number}; expected a language code, a tab and a "
            "probability"
        ) from None
