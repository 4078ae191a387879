import shlex
import sys
from pathlib import Path

import pytest

from ontarget.errors import UserError
from ontarget.scoring.language_id import command_identifier
from ontarget.scoring.language_id.identifier import Guess

LID = """
import sys
for line in sys.stdin.buffer.read().decode("utf-8").split("\\n")[:-1]:
    sys.stdout.buffer.write(f"{'fr' if 'le ' in line else 'en'}\\t{0.25 * len(line.split()):g}\\n".encode())
"""


def command(path: Path, program: str, *arguments: str) -> str:
    """A command that runs a Python program."""
    file = path / "my lid.py"
    file.write_text(program, encoding="utf-8")
    return shlex.join([sys.executable, str(file), *arguments])


def identified(line: str, texts: list[str]) -> list[Guess]:
    return command_identifier.command_identifier(line).identify(texts)


def test_lines_in_languages_out(tmp_path: Path) -> None:
    guesses = identified(command(tmp_path, LID), ["le chat dort", "", "a cat", "le\nchat"])
    assert guesses == [Guess("fr", 0.75), Guess("", 0.0), Guess("en", 0.5), Guess("fr", 0.5)]


def test_text_is_utf_8_in_both_directions(tmp_path: Path) -> None:
    echo = 'import sys; read = sys.stdin.buffer.read(); print("de" if read == "Käse\\n".encode() else "en")'
    assert identified(command(tmp_path, echo), ["Käse"]) == [Guess("de", 1.0)]


def test_a_text_is_one_line_whatever_ends_it(tmp_path: Path) -> None:
    count = "import sys; print(*['fr'] * len(sys.stdin.read().splitlines()), sep='\\n')"
    texts = ["un\u2028deux", "trois\x85quatre", "cinq\r\nsix"]
    assert [guess.label for guess in identified(command(tmp_path, count), texts)] == ["fr"] * 3


def test_it_is_run_without_a_shell(tmp_path: Path) -> None:
    arguments = "import sys; sys.stdout.write('de' if sys.argv[1:] == ['$HOME; a,b', '*'] else 'fr')"
    line = f"{command(tmp_path, arguments)} '$HOME; a,b' *"
    assert identified(line, ["ein Satz"]) == [Guess("de", 1.0)]


def test_lines_that_end_as_on_windows(tmp_path: Path) -> None:
    program = r"import sys; sys.stdout.buffer.write(b'fr\t0.5\r\nde\r\n')"
    assert identified(command(tmp_path, program), ["a", "b"]) == [Guess("fr", 0.5), Guess("de", 1.0)]


def test_the_signature_tells_commands_apart_and_can_be_split(tmp_path: Path) -> None:
    script = tmp_path / "my:lid|x"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    line = shlex.quote(str(script))
    plain, flagged, again = (
        command_identifier.command_identifier(text).signature
        for text in (line, f"{line} --flag", f" {line} ")
    )
    assert plain.startswith("cmd:my_lid_x@")
    assert plain == again != flagged
    assert "|" not in plain


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("print('fr')", "writes 1 line for 2 lines of text; it must write one language a line"),
        ("print('fr\\nfr\\nfr')", "writes more than 2 lines for 2 lines"),
        ("pass", "writes 0 lines for 2 lines"),
        ("print('fr\\tmuch\\nfr')", r"writes 'fr\\tmuch' in line 1; expected a language code, a tab"),
        ("print('fr\\t0.5\\t1\\nfr')", "in line 1; expected"),
        ("print('fr\\t50\\nfr')", "the probability 50.0, not a number from 0 to 1"),
        ("print('x1\\nfr')", "gives 'x1', not a language code"),
        ("raise ValueError('no model')", "failed with exit code 1: ValueError: no model"),
        ("raise SystemExit(3)", "failed with exit code 3$"),
        ("import os; os.kill(os.getpid(), 9)", "failed with signal 9"),
        ("import sys; sys.stdout.buffer.write(b'\\xff\\n\\n')", "not UTF-8"),
    ],
)
def test_what_goes_wrong_is_one_sentence(tmp_path: Path, program: str, message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        identified(command(tmp_path, program), ["un", "deux"])
    assert str(caught.value).startswith("the identifier ")
    assert "\n" not in str(caught.value)


def test_one_that_never_ends_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command_identifier, "_MINUTES", 0.005)
    with pytest.raises(UserError, match=r"did not end within 0.005 minutes for 1 line; it must end when"):
        identified(command(tmp_path, "import time; time.sleep(600)"), ["un"])


def test_one_that_reads_nothing_need_not(tmp_path: Path) -> None:
    texts = ["un deux trois quatre cinq"] * 10_000  # more than a pipe holds
    assert (
        identified(command(tmp_path, "print('fr\\n' * 10_000, end='')"), texts) == [Guess("fr", 1.0)] * 10_000
    )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "there is no command after cmd:"),
        ("./not-there --flag", "'./not-there' was not found; give its path"),
        ("./not-there,lid.176", "name other identifiers before it"),
        ("lid 'x", "cannot be read: no closing quotation"),
    ],
)
def test_a_command_that_is_not_there_is_told_before_anything_is_read(line: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        command_identifier.command_identifier(line)


def test_a_script_that_cannot_be_executed(tmp_path: Path) -> None:
    (tmp_path / "lid").write_text("print()")
    with pytest.raises(UserError, match=r"cannot be executed; if it is a script, make it executable"):
        command_identifier.command_identifier(str(tmp_path / "lid"))
    (tmp_path / "lid").chmod(0o755)
    (tmp_path / "lid").write_bytes(b"\0\0\0\0")
    with pytest.raises(UserError, match="cannot be started: Exec format error"):
        identified(str(tmp_path / "lid"), ["un"])
