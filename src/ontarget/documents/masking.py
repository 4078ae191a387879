"""Text for a model, in which short names such as `X1` stand for placeholders and tags, and back.

A small model drops `{name}` and invents tags, but often repeats `X1`, which looks like a proper name in any
language; docs/how-to/documents.md has the figures.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ontarget.documents.parts import Tag
from ontarget.documents.segments import Atom, Fixed
from ontarget.placeholders import placeholders

_PREFIXES = (*"XQZJKWVY", "XQ")
_OPENING = "([{«„“‘'\"¿¡"  # signs that are written without a blank before the next word
_CLOSING = ")]}»”’'\".,;:!?…%。，、！？；："


@dataclass(frozen=True, slots=True)
class Masked:
    """A core as text for a model.

    Attributes:
        core: the text with its tags and placeholders.
        text: the text for the model.
        prefix: the beginning of all names.
        names: what each name in the text stands for, in order.
        added: for each name, whether a blank was added before it and after it, because a tag touches words.
    """

    core: tuple[Atom, ...]
    text: str
    prefix: str
    names: dict[str, Fixed | Tag]
    added: dict[str, tuple[bool, bool]]

    def read(self, answer: str) -> tuple[Atom, ...] | None:
        """The core that a model's answer stands for; None if a name is missing, doubled or invented.

        Tags must also keep their order, and have text between them where they had some. An answer with
        placeholders that the text does not have is refused, too.
        """
        pieces = re.split(rf"({self.prefix}[0-9]+)", answer) if self.names else [answer]
        if sorted(pieces[1::2]) != sorted(self.names):
            return None
        core = list[Atom]()
        for place, piece in enumerate(pieces):
            if place % 2:
                core.append(self.names[piece])
                continue
            if place > 0 and self.added[pieces[place - 1]][1]:
                piece = piece.lstrip()
            if place + 1 < len(pieces) and self.added[pieces[place + 1]][0]:
                piece = piece.rstrip()
            core += self._shown(piece)
        same = _shape(core) == _shape(self.core) and _visible(core) == _visible(self.core)
        return tuple(core) if same else None

    def _shown(self, piece: str) -> list[Atom]:
        """A piece of an answer with the placeholders that the model saw."""
        hidden = [atom.text for atom in self.names.values() if isinstance(atom, Fixed)]
        shown = {_text(atom) for atom in self.core if isinstance(atom, Fixed)} - set(hidden)
        if not shown:
            return [piece] if piece else []
        longest_first = sorted(shown, key=len, reverse=True)
        parts = re.split(f"({'|'.join(map(re.escape, longest_first))})", piece)
        return [Fixed(part) if place % 2 else part for place, part in enumerate(parts) if part]


def masked(core: Sequence[Atom], *, show: bool = False) -> Masked:
    """The text of a core with a name for each tag, and for each placeholder unless `show`."""
    prefix = _unused_prefix(core)
    text, names, added = "", dict[str, Fixed | Tag](), dict[str, tuple[bool, bool]]()
    for place, atom in enumerate(core):
        if isinstance(atom, str) or (show and isinstance(atom, Fixed)):
            text += _text(atom)
            continue
        before = after = False
        if isinstance(atom, Tag) or atom.text.startswith("<"):  # in plain text, a tag is a placeholder
            following = _text(core[place + 1])[:1] if place + 1 < len(core) else " "
            before = bool(text) and not text[-1].isspace() and text[-1] not in _OPENING
            after = not following.isspace() and following not in _CLOSING
        name = f"{prefix}{len(names) + 1}"
        names[name], added[name] = atom, (before, after)
        text += " " * before + name + " " * after
    return Masked(tuple(core), text, prefix, names, added)


def _text(atom: Atom) -> str:
    return atom if isinstance(atom, str) else "" if isinstance(atom, Tag) else atom.text


def _unused_prefix(core: Sequence[Atom]) -> str:
    """Letters that no digit follows in the text."""
    text = " ".join(map(_text, core))
    return next((prefix for prefix in _PREFIXES if not re.search(rf"{prefix}[0-9]", text)), "XQX")


def _shape(core: Sequence[Atom]) -> list[str | None]:
    """The tags in their order, and None for text between two of them."""
    shape = list[str | None]()
    for atom in core:
        if isinstance(atom, Tag):
            shape.append(atom.raw)
        elif shape and shape[-1] is not None and _text(atom).strip():
            shape.append(None)
    return shape[:-1] if shape and shape[-1] is None else shape


def _visible(core: Sequence[Atom]) -> list[str]:
    """The placeholders of a core, sorted."""
    found = [atom.text for atom in core if isinstance(atom, Fixed)]
    return sorted(
        found + [part.text for atom in core if isinstance(atom, str) for part in placeholders(atom)]
    )
