"""Renders a checkpoint's own chat template in a sandbox, without torch and transformers.

A template is a program from a third party, so it runs in jinja2's immutable sandbox. It never sees users'
text: a sentinel stands for each text, and the text replaces it after rendering, in a segment of its own. The
template's own output is trusted and may become control tokens; `<|im_end|>` in a user's text stays text. This
is only correct if the template outputs messages unchanged, so templates that change them are rejected.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, NoReturn

from jinja2 import TemplateError, TemplateSyntaxError, nodes
from jinja2.exceptions import SecurityError
from jinja2.ext import Extension, loopcontrols
from jinja2.meta import find_undeclared_variables
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace

from ontarget.errors import UserError
from ontarget.prompts.segment import Prompt, Segment

_SENTINEL = re.compile("\ue000Text(\\d+)\ue001")  # private use characters, and letters that reveal lower()
# A template must output this unchanged: mark-up, quotes, backslashes, line breaks, runs of spaces.
_PROBE = "Aa <b>&amp; 'c'  \"d\" \\n {{ e }} {% f %}\n\nÉ\tg </think> h"
# Exceptions that a template, being a program, may raise.
_FAILURES = (
    *(TemplateError, TypeError, ValueError, LookupError, AttributeError, ArithmeticError),
    *(RuntimeError, SyntaxError),  # endless recursion, or deeper nesting than Python supports
)
_TODAY = date(2024, 7, 26)  # the default of LLaMA 3's template; a prompt must not depend on the current date

Fields = tuple[tuple[str, str], ...]
"""Keys and values of a message whose content is a list with one part."""

_Message = tuple[str, str, Fields]  # role, text, fields


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a chat; only our own segments of its content are trusted.

    Attributes:
        role: `system`, `user` or `assistant`.
        content: the text.
        fields: if not empty, the template gets a list with one part: these fields, and `text`.
    """

    role: str
    content: Sequence[Segment]
    fields: Fields = ()


@dataclass(frozen=True, slots=True)
class Chat:
    """The chat template of a checkpoint.

    Attributes:
        checkpoint: the checkpoint's name in messages.
        template: the jinja2 source.
        tokens: the special tokens that it may name: (`bos_token`, `<s>`), ...
        thinking_off: whether it is told to turn thinking off, which only some templates know (Qwen 3).
    """

    checkpoint: str
    template: str
    tokens: tuple[tuple[str, str], ...] = ()
    thinking_off: bool = True

    def prompt(self, turns: Sequence[Turn], *, trim: bool = True) -> Prompt:
        """The turns in the model's chat format, up to the beginning of its next response.

        Args:
            turns: the messages, oldest first.
            trim: remove the white space at both ends of a message: most templates do so, and most models are
                not trained with it. Otherwise it stays if the template keeps it.
        Raises:
            UserError: the template rejects the turns (such as `system` if it has no such role), fails, or
                changes messages.
        """
        texts: list[str] = []
        messages = list[_Message]()
        for turn in turns:
            content = ""
            trimmed = trim or not _keeps_white_space(self, turn.fields)
            for segment in _without_margins(turn.content) if trimmed else turn.content:
                if segment.trusted:
                    content += segment.text
                else:
                    content += f"\ue000Text{len(texts)}\ue001"
                    texts.append(segment.text)
            messages.append((turn.role, content, turn.fields))
        pieces = _SENTINEL.split(self._rendered(tuple(messages)))
        segments = [Segment(pieces[0], True)]
        for number, ours in zip(pieces[1::2], pieces[2::2], strict=True):
            segments += [Segment(texts[int(number)], False), Segment(ours, True)]
        return tuple(segments)

    def separator(self, fields: Fields = ()) -> str:
        """The white space before a response, if the prompt ends before it (LLaMA 2).

        Args:
            fields: those of a user's message.
        """
        question, answer = _exchange(fields)
        try:
            prompt, whole = _run(self, (question,)), _run(self, (question, answer), generate=False)
        except _FAILURES:  # `prompt` will explain it
            return ""
        between = whole[len(prompt) :].partition(answer[1])[0]
        return between if whole.startswith(prompt) and between.isspace() else ""

    def end(self, fields: Fields = ()) -> str:
        """The text after a response in this chat: the turn-end token, sometimes with a line break.

        Args:
            fields: those of a user's message.
        """
        question, answer = _exchange(fields)
        try:
            return _run(self, (question, answer), generate=False).partition(answer[1])[2]
        except _FAILURES:  # `prompt` will explain it
            return ""

    def check_tokens(self, of_tokenizer: Mapping[str, str]) -> None:
        """Checks that the special tokens named by the template are those of the loaded tokenizer.

        Some tokenizer classes have a default `bos_token` that is in no file of the checkpoint.

        Raises:
            UserError: a token differs.
        """
        named = find_undeclared_variables(_environment().parse(self.template))
        for name, token in sorted(of_tokenizer.items()):
            if name in named and dict(self.tokens).get(name) != token:
                raise UserError(
                    f"the chat template of '{self.checkpoint}' uses {name}, which is '{token}' in its "
                    f'tokenizer but missing in its files; add "{name}": "{token}" to its '
                    "tokenizer_config.json"
                )

    def _rendered(self, messages: tuple[_Message, ...]) -> str:
        try:
            return _render(self, messages)
        except _FAILURES as error:
            raise UserError(
                f"the chat template of '{self.checkpoint}' cannot render messages of the roles "
                f"{', '.join(role for role, *_ in messages)}: {' '.join(str(error).split())}"
            ) from None


def _exchange(fields: Fields) -> tuple[_Message, _Message]:
    """A question and its answer, in characters that no template has."""
    return ("user", "\ue000q", fields), ("assistant", "\ue000a", ())


@lru_cache(maxsize=64)
def _keeps_white_space(chat: Chat, fields: Fields) -> bool:
    try:
        return " \ue000q " in _run(chat, (("user", " \ue000q ", fields),))
    except _FAILURES:  # `prompt` will explain it
        return False


@lru_cache(maxsize=1024)  # the prompts of a direction differ only in their texts
def _render(chat: Chat, messages: tuple[_Message, ...]) -> str:
    rendered = _run(chat, messages)
    probed = [(role, _PROBE if role == "user" else text, fields) for role, text, fields in messages]
    probe = _run(chat, tuple(probed))
    place = 0
    for role, content, _ in messages:
        place = rendered.find(content, place)
        if place < 0 or (role == "user" and _PROBE not in probe):
            raise UserError(
                f"the chat template of '{chat.checkpoint}' changes messages of the role '{role}', which is "
                "not supported; use another `template`"
            )
        place += len(content)
    found = [int(number) for number in _SENTINEL.findall(rendered)]
    if found != list(range(len(found))) or len(found) != sum(
        len(_SENTINEL.findall(content)) for _, content, _ in messages
    ):
        raise UserError(
            f"the chat template of '{chat.checkpoint}' repeats a message, which is not supported; "
            "use another `template`"
        )
    return rendered


def _run(chat: Chat, messages: tuple[_Message, ...], *, generate: bool = True) -> str:
    text: str = _compiled(chat.template).render(
        messages=[
            {"role": role, "content": [{**dict(fields), "text": content}] if fields else content}
            for role, content, fields in messages
        ],
        add_generation_prompt=generate,
        tools=None,
        documents=None,
        **({"enable_thinking": False} if chat.thinking_off else {}),
        **dict(chat.tokens),
    )
    return text


def check_syntax(template: str) -> str | None:
    """The syntax error of a template, or None if it has none."""
    try:
        _compiled(template)
    except TemplateSyntaxError as error:
        return f"line {error.lineno}: {' '.join(str(error.message).split())}"
    except _FAILURES as error:
        return " ".join(str(error).split())
    return None


@lru_cache(maxsize=8)
def _compiled(template: str) -> Any:
    return _environment().from_string(template)


def _environment() -> ImmutableSandboxedEnvironment:
    """The same environment as in `transformers`, with trimmed blocks, which change the output."""
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[_Generation, loopcontrols]
    )
    environment.filters["tojson"] = _to_json
    environment.globals["raise_exception"] = _raise
    environment.globals["strftime_now"] = lambda form: _TODAY.strftime(form)
    environment.globals["namespace"] = _Attributes
    environment.globals["dict"] = lambda *items, **more: dict(
        *items, **more
    )  # hides the attributes of the class
    return environment


class _Generation(Extension):
    """`{% generation %}` marks the text to train on; here, its content is printed."""

    tags = {"generation"}  # noqa: RUF012  (jinja2 reads it from the class)

    def parse(self, parser: Parser) -> list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


class _Attributes(Namespace):
    """Jinja2's namespace without names that begin with an underscore, which lead to Python's internals."""

    def __init__(self, /, *items: Any, **more: Any) -> None:
        super().__init__()
        for name, value in dict(*items, **more).items():
            self[name] = value

    def __setitem__(self, name: str, value: Any) -> None:
        if str(name).startswith("_"):
            raise SecurityError(f"a template may not set '{name}'")
        super().__setitem__(name, value)


def _to_json(value: object, ensure_ascii: bool = False, **options: Any) -> str:
    return json.dumps(value, ensure_ascii=ensure_ascii, **options)


def _raise(message: str) -> NoReturn:
    raise TemplateError(message)


def _without_margins(content: Sequence[Segment]) -> list[Segment]:
    kept = [segment for segment in content if segment.text]
    for end, strip in ((0, str.lstrip), (-1, str.rstrip)):
        while kept:
            kept[end] = Segment(strip(kept[end].text), kept[end].trusted)
            if kept[end].text:
                break
            kept.pop(end)
    return kept
