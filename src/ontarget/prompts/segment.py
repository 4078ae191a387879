"""The segments of a prompt, which keep our own text apart from users' text."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a prompt. Only trusted text (our own or a template's) may become control tokens."""

    text: str
    trusted: bool


Prompt = tuple[Segment, ...]


class WholePrompt(tuple[Segment, ...]):
    """A prompt to which nothing is added: the tokenizer puts no BOS before it."""

    __slots__ = ()


class ChatPrompt(WholePrompt):
    """The prompt of a chat, completely written by its template, including BOS if there is one."""

    __slots__ = ()


def text_of(prompt: Prompt) -> str:
    """The prompt as plain text."""
    return "".join(segment.text for segment in prompt)
