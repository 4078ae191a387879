"""Markdown beyond CommonMark: formulas, containers, definitions, which a parser must know to keep them.

Only what marks them is known here, not what it means: a line such as `:::note` stays, and the text behind it
is read as any other.
"""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.ruler import RuleOptionsType
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_inline import StateInline

# As in Pandoc: no blank inside the dollars and no digit behind them, so that `$5 and $6` is money.
_FORMULA = re.compile(
    r"(?<![A-Za-z0-9$])(?:\$\$(?:[^$\\]|\\.)+\$\$"
    r"|\$(?![\s$]|\d[\d.,]*\s+[^\W\d_]{2})(?:[^$\\]|\\.)+(?<!\s)\$(?![A-Za-z0-9$]))",
    re.DOTALL,
)
_FORMULA_END = re.compile(r"\$\$(?:[ \t]*(?:\{[^{}]*\}|\([\w:.-]+\)))?")  # a label may follow
# A fence of colons, the first line of an admonition or a tab, a template's statement, a table of contents, a
# target of MyST.
_MARK_LINE = re.compile(
    r"(?::{3,}.*|(?:!!!|\?\?\?\+?|===)[ \t]+[\"\w].*|\{%.*%\}|\[TOC\]|\[\[_?TOC_?\]\]|\([\w:.-]+\)=)\s*",
    re.IGNORECASE,
)
_DEFINITION = re.compile(r":[ \t]+\S")


def enable_dialects(parser: "MarkdownIt") -> None:
    """Teaches a parser the tokens `formula` (inline), `formula_block` and `mark_line`.

    A definition (`: text` under its term) becomes a paragraph that begins with the colon.
    """
    ends_a_paragraph: RuleOptionsType = {"alt": ["paragraph", "reference", "blockquote", "list"]}
    parser.inline.ruler.after("escape", "formula", _formula)
    parser.block.ruler.before("fence", "formula_block", _formula_block, ends_a_paragraph)
    parser.block.ruler.before("fence", "mark_line", _mark_line, ends_a_paragraph)
    parser.block.ruler.before("fence", "definition", _definition, {"alt": ["paragraph"]})


def _formula(state: "StateInline", silent: bool) -> bool:
    found = _FORMULA.match(state.src, state.pos)
    if found is None:
        return False
    if not silent:
        state.push("formula", "", 0).content = found[0]
    state.pos = found.end()
    return True


def _formula_block(state: "StateBlock", start: int, end: int, silent: bool) -> bool:
    """Lines from one that begins with `$$` to the next one with it, which must end it; some may be empty."""
    if state.is_code_block(start) or not (line := _line(state, start)).startswith("$$"):
        return False
    last, line = start, line[2:]
    while "$$" not in line:
        last += 1
        if last >= end:
            return False
        line = _line(state, last)
    if _FORMULA_END.fullmatch(line[line.index("$$") :]) is None:
        return False
    return _pushed(state, "formula_block", start, last, silent)


def _mark_line(state: "StateBlock", start: int, end: int, silent: bool) -> bool:
    if state.is_code_block(start) or _MARK_LINE.fullmatch(_line(state, start)) is None:
        return False
    return _pushed(state, "mark_line", start, start, silent)


def _definition(state: "StateBlock", start: int, end: int, silent: bool) -> bool:
    """Only ends the paragraph before it (`silent`); its own text is a paragraph again."""
    return silent and _DEFINITION.match(_line(state, start)) is not None


def _line(state: "StateBlock", number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]].rstrip()


def _pushed(state: "StateBlock", kind: str, first: int, last: int, silent: bool) -> bool:
    """Adds a token for the lines `first` to `last`."""
    if not silent:
        state.line = last + 1
        token = state.push(kind, "", 0)
        token.map = [first, state.line]
        token.content = state.getLines(first, state.line, 0, True)
    return True
