"""Which reader a file needs, by the ending of its name."""

from collections.abc import Callable
from pathlib import Path

from ontarget.documents.parts import Document
from ontarget.documents.segments import Level
from ontarget.documents.text_file import read_bytes
from ontarget.errors import UserError
from ontarget.languages import Language

BINARY = frozenset({".docx"})
"""Endings of documents that are not text, and cannot go to a terminal."""


def _readers(
    source: Language | None = None, target: Language | None = None
) -> dict[str, Callable[[bytes, Path], Document]]:
    from ontarget.documents.docx import read_docx
    from ontarget.documents.html import read_html
    from ontarget.documents.json_strings import read_json
    from ontarget.documents.markdown import read_markdown
    from ontarget.documents.plain import read_plain
    from ontarget.documents.po import read_po
    from ontarget.documents.subtitles import read_subtitles
    from ontarget.documents.xliff import read_xliff
    from ontarget.documents.yaml_strings import read_yaml_strings

    return {
        ".md": read_markdown,
        ".markdown": read_markdown,
        ".html": read_html,
        ".htm": read_html,
        ".xhtml": read_html,
        ".xlf": lambda data, path: read_xliff(data, path, source, target),
        ".xliff": lambda data, path: read_xliff(data, path, source, target),
        ".po": lambda data, path: read_po(data, path, target),
        ".pot": lambda data, path: read_po(data, path, target),
        ".srt": read_subtitles,
        ".vtt": read_subtitles,
        ".docx": read_docx,
        ".json": read_json,
        ".yaml": read_yaml_strings,
        ".yml": read_yaml_strings,
        ".txt": read_plain,
    }


_TEXT = (".md", ".markdown", ".html", ".htm", ".xhtml", ".xlf", ".xliff", ".po", ".pot", ".srt", ".vtt")
_STRINGS = (".json", ".yaml", ".yml")
TABLES = frozenset({".tsv", ".tab"})
"""Endings of files of tab-separated columns, which are documents if a column is named."""
DOCUMENTS = frozenset({*BINARY, *_TEXT, *_STRINGS})
"""Endings of files that are always documents; a .txt file is lines unless paragraphs are asked for."""


def is_document(path: Path) -> bool:
    """Whether a file is a document by the ending of its name."""
    return path.suffix.lower() in DOCUMENTS


def usual_level(path: Path | None) -> Level:
    """What is translated at a time: a line of plain text, which standard input (None) is; else a sentence."""
    return "line" if path is None or path.suffix.lower() == ".txt" else "sentence"


def read_document(
    path: Path,
    *,
    source: Language | None = None,
    target: Language | None = None,
    column: str | None = None,
) -> Document:
    """Reads a document.

    Args:
        path: the file.
        source: the language to translate from, if the user named it; XLIFF names it, too.
        target: the language to translate into, which XLIFF and PO name.
        column: the column of a file of tab-separated columns, by number or name.
    Raises:
        UserError: the file is missing, broken, too large, of an unknown format, or for other languages.
    """
    data = read_bytes(path)
    if column is not None:
        from ontarget.documents.plain import read_columns

        return read_columns(data, path, column)
    return parsed_document(data, path, source=source, target=target)


def parsed_document(
    data: bytes, path: Path, *, source: Language | None = None, target: Language | None = None
) -> Document:
    """The document in the bytes of a file.

    Args:
        data: the bytes.
        path: the name of the file, whose ending decides the format; nothing is read from it.
        source, target: see `read_document`.
    Raises:
        UserError: it is broken, of an unknown format, or for other languages.
    """
    reader = _readers(source, target).get(path.suffix.lower())
    if reader is None:
        raise UserError(
            f"'{path}' is not a known kind of document; known are {', '.join(sorted(_readers()))}"
        )
    return reader(data, path)
