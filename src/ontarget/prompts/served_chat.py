"""A chat whose template is on a server: prompts keep their turns apart, and are sent as messages."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ontarget.prompts.chat import Chat, Fields, Turn
from ontarget.prompts.segment import Prompt, Segment

_TURN = re.compile("\ue000Turn(.*?)\ue001")  # private use characters, in trusted segments alone


@dataclass(frozen=True, slots=True)
class ServedChat(Chat):
    """Takes the place of a checkpoint's chat template; see `Chat` for its methods."""

    def prompt(self, turns: Sequence[Turn], *, trim: bool = True) -> Prompt:
        """The turns; each begins with a trusted mark."""
        segments = list[Segment]()
        for turn in turns:
            mark = json.dumps([turn.role, turn.fields, trim])
            segments += [Segment(f"\ue000Turn{mark}\ue001", True), *turn.content]
        return tuple(segments)

    def separator(self, fields: Fields = ()) -> str:
        """Nothing: the server writes what comes before a response."""
        return ""

    def end(self, fields: Fields = ()) -> str:
        """Nothing: the server knows how a response ends."""
        return ""

    def check_tokens(self, of_tokenizer: Mapping[str, str]) -> None:
        """Nothing: the server renders the template."""


def messages_of(prompt: Prompt, of_user: Callable[[str], str] = str) -> list[dict[str, Any]] | None:
    """The messages of a prompt of `ServedChat` in the form of OpenAI's API; None for any other prompt.

    Args:
        prompt: a prompt of any template.
        of_user: changes the text of users.
    """
    if not (prompt and prompt[0].trusted and _TURN.match(prompt[0].text)):
        return None
    return [_message(json.loads(mark), text) for mark, text in _turns(prompt, of_user)]


def _turns(prompt: Prompt, of_user: Callable[[str], str]) -> Iterator[tuple[str, str]]:
    mark, text = "", ""
    for segment in prompt:
        if not segment.trusted:
            text += of_user(segment.text)
            continue
        before, *rest = _TURN.split(segment.text)
        text += before
        for new, following in zip(rest[::2], rest[1::2], strict=True):
            if mark:
                yield mark, text
            mark, text = new, following
    yield mark, text


def _message(mark: tuple[str, list[tuple[str, str]], bool], text: str) -> dict[str, Any]:
    role, fields, trim = mark
    text = text.strip() if trim else text
    return {"role": role, "content": [{**dict(fields), "text": text}] if fields else text}
