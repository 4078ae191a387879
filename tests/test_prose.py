"""Texts for users keep to the rules of "How we write for users" in CONTRIBUTING.md: no banned phrase.

This checks all help texts, README.md, CONTRIBUTING.md, the pages of docs, and in src the messages of
`UserError`, the docstrings and the descriptions of recipe keys.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from ontarget.cli.app import _COMMANDS, _load, app

ROOT = Path(__file__).parents[1]
CODE = sorted((ROOT / "src").rglob("*.py"))
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]

# A banned phrase -> what to write instead.
BANNED = {
    # "There is no X" is plain, and so is "is no longer".
    r"(?<!there )\b(is|are|was|were) no (?!longer|more|less|fewer|better|worse)\w+": "'is not a ...'",
    r"\bso (many|often)\b(?! that)": "the number of what is meant",
    r"\bof it\b": "the noun for 'it'",
    r"\ball else\b": "the noun: 'all other lines'",
    r"\bas ever\b": "'as before' or nothing",
    r"\bonce more\b": "'again'",
    r"\bwhat (is|was|it is) (asked|said|told|there)\b": "the noun: prompt, output, message, file",
    r"\bwhat stands\b": "the noun",
    r"\b(is|are) (said|told) (of|by)\b": "the subject and its verb: 'the message names'",
    r"\bgo(es)? astray\b": "'wrongly produces'",
    r"\bat hand\b": "'available', or 'without needing'",
    r"\bare two forms\b|\bexclude each other\b": "'cannot be combined; choose one'",
    r"\bof one's own\b": "'your own'",
    r"\bsays? nothing\b": "what is missing: 'does not account for'",
    r"\bworth nothing\b": "the score that it gets",
    r"(?<!there )\b(is|are) none\b": "'is not a ...'",
}


RULES = "see 'How we write for users' in CONTRIBUTING.md"


def faults(text: str) -> list[str]:
    """Each banned phrase of a text, with its surroundings and what to write instead."""
    text = " ".join(text.split())
    return [
        f"'...{text[max(0, found.start() - 40) : found.end() + 40]}...': write {instead}; {RULES}"
        for phrase, instead in BANNED.items()
        for found in re.finditer(phrase, text, re.IGNORECASE)
    ]


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def commands() -> Iterator[tuple[str, Any]]:
    """Every command and group of the command line by its name."""
    yield "ontarget", get_command(app)
    for title in _COMMANDS:
        command = _load(title)
        yield title, command
        for of_group in getattr(command, "commands", {}).values():
            yield f"{title} {of_group.name}", of_group


def prose(page: str) -> str:
    """A page without its code."""
    page = re.sub(r"^```.*?^```$", "", page, flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"`[^`]*`", "`code`", page)


def literal(node: ast.AST) -> str:
    """The text of a string, with a blank for what an f-string fills in."""
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    return "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in parts)  # type: ignore[misc]


def is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def texts(source: str) -> Iterator[str]:
    """What users may read of a module: docstrings, messages of `UserError`, descriptions of recipe keys."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield ast.get_docstring(node) or ""
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "UserError":
            yield from (literal(part) for arg in node.args for part in ast.walk(arg) if is_text(part))
        elif isinstance(node, ast.keyword) and node.arg == "description":
            yield literal(node.value) if is_text(node.value) else ""


@pytest.mark.parametrize("command", [pytest.param(command, id=title) for title, command in commands()])
def test_help_keeps_to_the_rules(command: Any) -> None:
    helps = [parameter.help for parameter in command.params if getattr(parameter, "help", None)]
    shown = command.get_short_help_str(200)
    assert not [fault for text in (command.help or "", shown, *helps) for fault in faults(text)]
    for text in helps:
        assert text[0] == text[0].upper(), f"'{text}' needs a capital at its beginning; {RULES}"
        assert text.endswith((".", ").")), f"'{text}' needs a full stop at its end; {RULES}"
    assert shown.endswith("."), f"'{shown}', the first paragraph of a command, is to be a sentence; {RULES}"


@pytest.mark.parametrize("line", _COMMANDS.values(), ids=_COMMANDS)
def test_lines_of_the_list_of_commands_keep_to_the_rules(line: str) -> None:
    assert not faults(line)
    assert line.endswith("."), f"'{line}' needs a full stop at its end; {RULES}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_pages_keep_to_the_rules(page: Path) -> None:
    assert not faults(prose(page.read_text(encoding="utf-8")))


@pytest.mark.parametrize("file", CODE, ids=name)
def test_messages_and_docstrings_keep_to_the_rules(file: Path) -> None:
    assert not [fault for text in texts(file.read_text(encoding="utf-8")) for fault in faults(text)]


@pytest.mark.parametrize(
    "text",
    ["'x' is no number", "So many samples", "its parts,\nand\n all of it", "what is said", "once  more"],
)
def test_a_banned_phrase_is_found(text: str) -> None:
    assert len(faults(text)) == 1
    assert faults(text)[0].endswith("see 'How we write for users' in CONTRIBUTING.md")


def test_plain_phrases_are_left_alone() -> None:
    assert not faults("There is no file 'x'; it is no longer needed. So many that 3 are left. Write 'x'.")


def test_all_texts_of_a_module_are_found() -> None:
    lines = (
        '"""A."""',
        'raise UserError(f"b {x}" "c")',
        'f = Field(description="d")',
        'UserError("e" if x else f"{y}g")',
    )
    assert {"A.", "b {}c", "d", "e", "{}g"} <= set(texts("\n".join(lines)))
