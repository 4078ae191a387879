"""Writes docs/reference/cli.md from the commands themselves: python .ci/cli_reference.py

The texts are those of `--help`. tests/test_docs.py says when the page is no longer what this makes.
"""

import re
import sys
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path
from typing import Any

from typer.main import get_command

from ontarget.cli.app import _COMMANDS, _load, app
from ontarget.files import whole_file

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "cli.md"

HEAD = """# Command line

<!-- Made by `python .ci/cli_reference.py`. Do not edit. -->

`ontarget COMMAND --help` prints the same texts. Options may stand before or after arguments. [Messages and
exit codes](messages.md) explains what a command returns.
"""


def page() -> str:
    """The whole page, as Markdown."""
    parts = [HEAD, *_section("ontarget", get_command(app), 2)]
    for name in _COMMANDS:
        command = _load(name)
        parts += _section(f"ontarget {name}", command, 2)
        for title, of_group in getattr(command, "commands", {}).items():
            if not of_group.hidden:
                parts += _section(f"ontarget {name} {title}", of_group, 3)
    return "\n".join(parts).rstrip("\n") + "\n"


def _section(title: str, command: Any, level: int) -> Iterator[str]:
    yield f"{'#' * level} {title}\n"
    yield f"{_prose(cleandoc(command.help or ''))}\n"
    rows = [row for parameter in command.params if (row := _row(parameter))]
    if rows:
        yield "| argument or option | what it does |\n| --- | --- |"
        yield "\n".join(rows) + "\n"


def _prose(help_text: str) -> str:
    """Help as Markdown: its indented examples become blocks of code."""
    help_text = help_text.replace("\b\n", "")  # for Click: do not fill the lines of this paragraph
    return re.sub(r"(?:^ {4}.*\n?(?:\n(?= {4}))?)+", _block, help_text, flags=re.MULTILINE).strip("\n")


def _block(match: re.Match[str]) -> str:
    lines = [line.removeprefix("    ") for line in match[0].rstrip("\n").split("\n")]
    kind = "sh" if all(line.startswith("ontarget ") or not line for line in lines) else "text"
    return "\n".join([f"```{kind}", *lines, "```\n"])


def _row(parameter: Any) -> str | None:
    """The line of an argument or option, or None if it is hidden or Typer's own."""
    text = getattr(parameter, "help", None)
    if getattr(parameter, "hidden", False) or "--help" in parameter.opts or not text:
        return None
    option = parameter.opts[0].startswith("-")
    names = (
        [*parameter.opts, *parameter.secondary_opts]
        if option
        else [parameter.metavar or str(parameter.name).upper()]
    )
    value = f" {parameter.metavar}" if option and parameter.metavar and not parameter.is_flag else ""
    shown = ", ".join(f"`{name}{value if n == 0 else ''}`" for n, name in enumerate(names))
    return f"| {shown} | {_cell(text)}{_default(parameter)} |"


def _default(parameter: Any) -> str:
    """The default in parentheses, where `--help` shows it."""
    default = parameter.default
    if not getattr(parameter, "show_default", False) or default in (None, False, (), []) or callable(default):
        return ""
    return f" [default: `{default}`]"


def _cell(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    with whole_file(PAGE) as temporary:
        temporary.write_text(page(), encoding="utf-8")
    sys.stderr.write(f"{PAGE.relative_to(Path.cwd())}\n" if PAGE.is_relative_to(Path.cwd()) else f"{PAGE}\n")
