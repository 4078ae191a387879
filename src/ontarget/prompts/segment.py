"""What a prompt is made of."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a prompt. Only trusted text (ours, a template's) may encode to control tokens."""

    text: str
    trusted: bool


Prompt = tuple[Segment, ...]


class ChatPrompt(tuple[Segment, ...]):
    """The prompt of a chat: its template wrote it from the very beginning, BOS too where there is one."""

    __slots__ = ()


def text_of(prompt: Prompt) -> str:
    """The prompt as a person reads it."""
    return "".join(segment.text for segment in prompt)
