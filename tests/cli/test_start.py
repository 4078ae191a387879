import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer
from typer.core import TyperCommand
from typer.main import get_command

from ontarget.cli.start import Quick, with_unwrapped_examples


class _Quick(Quick, TyperCommand):
    pass


def parsed(cls: type[TyperCommand], arguments: list[str]) -> dict[str, Any] | str:
    """What a function with options of each kind is called with, or what a user reads instead."""
    got: dict[str, Any] = {}

    def function(
        names: list[str],
        text: str | None = None,
        texts: Annotated[list[str] | None, typer.Option()] = None,
        other: str = "as it was",
        path: Path | None = None,
        number: int = 3,
        share: float | None = None,
        flag: bool = False,
        shouted: Annotated[str | None, typer.Option(callback=lambda value: value and value.upper())] = None,
    ) -> None:
        got.update(locals())
        got.pop("got", None)

    app = typer.Typer(add_completion=False)
    app.command("f", cls=cls)(function)
    try:
        get_command(app).main(arguments, "f", standalone_mode=False)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return got


@pytest.mark.parametrize(
    "arguments",
    [
        ["a"],
        ["a", "b", "--text", "x", "--texts", "1", "--texts", "2"],
        ["a", "--text", "", "--other", "", "--texts", ""],
        ["", "--text", "1"],
        ["a", "--path", "p", "--number", "7", "--share", "0.5", "--flag"],
        ["a", "--shouted", "x"],
        ["--", "--text"],
        [],
        ["a", "--number", "x"],
        ["a", "--text"],
        ["a", "--no-such"],
    ],
)
def test_a_quick_command_is_called_with_what_typer_would_call_it_with(arguments: list[str]) -> None:
    quick, slow = parsed(_Quick, arguments), parsed(TyperCommand, arguments)
    assert quick == slow
    if isinstance(quick, dict) and isinstance(slow, dict):
        assert {name: type(value) for name, value in quick.items()} == {n: type(v) for n, v in slow.items()}


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="threads are counted in /proc")
@pytest.mark.parametrize("threads", [None, "2"])
def test_numpy_has_one_thread_unless_the_user_says_otherwise(threads: str | None) -> None:
    code = """import os
from ontarget.cli.start import numpy_without_threads
before = dict(os.environ)
numpy_without_threads()
import numpy
assert dict(os.environ) == before
print(len(os.listdir('/proc/self/task')))"""
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    environment |= {"OPENBLAS_NUM_THREADS": threads} if threads else {}
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True, env=environment
    )
    assert int(result.stdout) == int(threads or 1)


def test_garbage_is_collected_again_when_a_command_runs(tmp_path: Path) -> None:
    (tmp_path / "hyp.fr").write_text("Le chat dort.\n", encoding="utf-8")
    code = """import atexit, gc, sys
atexit.register(lambda: print(gc.isenabled(), file=sys.stderr))
from ontarget.__main__ import main
main()"""
    for arguments in (["score", "hyp.fr", "--to", "fr"], ["data", "card", "multi30k"]):
        command = [sys.executable, "-c", code, *arguments]
        result = subprocess.run(command, capture_output=True, encoding="utf-8", check=False, cwd=tmp_path)
        assert (result.returncode, result.stderr) == (0, "True\n")


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("One.\n\n    a\n    b\n\nTwo.\n\n    c", "One.\n\n\b\n    a\n    b\n\nTwo.\n\n\b\n    c"),
        ("One.\n\nTwo.", "One.\n\nTwo."),
        ("", ""),
        (None, None),
    ],
)
def test_indented_paragraphs_of_a_help_text_keep_their_lines(text: str | None, marked: str | None) -> None:
    assert with_unwrapped_examples(text) == marked
