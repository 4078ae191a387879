"""A checkpoint's own chat template, rendered in a sandbox, without torch and transformers.

A template is a program that comes with a model, so it runs in jinja2's immutable sandbox. It never sees what
a user wrote: a sentinel stands for each text, and the text takes its place when the rendering is done, in a
segment of its own. What the template wrote around it is trusted and may become control tokens; `<|im_end|>`
in a text stays text. That is sound as long as the template passes messages on as they are, so one that
changes them is refused.
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

_SENTINEL = re.compile("\ue000Text(\\d+)\ue001")  # private use, and a letter of either case: lower() shows
# What a careful template passes on as it is: mark-up, quotes, backslashes, breaks, runs of spaces.
_PROBE = "Aa <b>&amp; 'c'  \"d\" \\n {{ e }} {% f %}\n\nÉ\tg </think> h"
# What a template may raise: it is a program.
_FAILURES = (
    *(TemplateError, TypeError, ValueError, LookupError, AttributeError, ArithmeticError),
    *(RuntimeError, SyntaxError),  # it calls itself without end, or nests more than Python does
)
_TODAY = date(2024, 7, 26)  # what LLaMA 3's template takes itself; a prompt must not change with the day


@dataclass(frozen=True, slots=True)
class Turn:
    """What one side says; of the pieces of a message only ours are trusted."""

    role: str
    content: Sequence[Segment]


@dataclass(frozen=True, slots=True)
class Chat:
    """The chat template of a checkpoint.

    Attributes:
        checkpoint: what messages call it.
        template: its jinja2 source.
        tokens: what it may name: (`bos_token`, `<s>`), ...
    """

    checkpoint: str
    template: str
    tokens: tuple[tuple[str, str], ...] = ()

    def prompt(self, turns: Sequence[Turn]) -> Prompt:
        """The turns as the model has learnt to see them, up to where its next answer begins.

        White space at either end of a message goes: most templates cut it, and no model has learnt from it.

        Raises:
            UserError: the template refuses such turns (`system` where it knows none), fails, or does not pass
                them on as they are.
        """
        texts: list[str] = []
        messages = []
        for turn in turns:
            content = ""
            for segment in _without_margins(turn.content):
                if segment.trusted:
                    content += segment.text
                else:
                    content += f"\ue000Text{len(texts)}\ue001"
                    texts.append(segment.text)
            messages.append((turn.role, content))
        pieces = _SENTINEL.split(self._rendered(tuple(messages)))
        segments = [Segment(pieces[0], True)]
        for number, ours in zip(pieces[1::2], pieces[2::2], strict=True):
            segments += [Segment(texts[int(number)], False), Segment(ours, True)]
        return tuple(segments)

    @property
    def separator(self) -> str:
        """The white space before an answer in this chat, where the prompt ends before it (LLaMA 2)."""
        question, answer = ("user", "\ue000q"), ("assistant", "\ue000a")
        try:
            asked, answered = _run(self, (question,)), _run(self, (question, answer), asks=False)
        except _FAILURES:  # for `prompt` to explain
            return ""
        between = answered[len(asked) :].partition(answer[1])[0]
        return between if answered.startswith(asked) and between.isspace() else ""

    @property
    def end(self) -> str:
        """What this chat writes after an answer: its turn-end token, and perhaps a line break."""
        question, answer = ("user", "\ue000q"), ("assistant", "\ue000a")
        try:
            return _run(self, (question, answer), asks=False).partition(answer[1])[2]
        except _FAILURES:  # for `prompt` to explain
            return ""

    def check_tokens(self, of_tokenizer: Mapping[str, str]) -> None:
        """Looks whether the special tokens that the template names are those of the loaded tokenizer.

        Some classes of tokenizers have a `bos_token` that no file of the checkpoint says.

        Raises:
            UserError: one is another.
        """
        named = find_undeclared_variables(_environment().parse(self.template))
        for name, token in sorted(of_tokenizer.items()):
            if name in named and dict(self.tokens).get(name) != token:
                raise UserError(
                    f"the chat template of '{self.checkpoint}' has {name}, which its tokenizer takes for "
                    f'\'{token}\', but its files do not say so: write "{name}": "{token}" into its '
                    "tokenizer_config.json"
                )

    def _rendered(self, messages: tuple[tuple[str, str], ...]) -> str:
        try:
            return _render(self, messages)
        except _FAILURES as error:
            raise UserError(
                f"the chat template of '{self.checkpoint}' cannot put "
                f"{', '.join(role for role, _ in messages)} together: {' '.join(str(error).split())}"
            ) from None


@lru_cache(maxsize=1024)  # of one direction all prompts are alike, but for the texts
def _render(chat: Chat, messages: tuple[tuple[str, str], ...]) -> str:
    rendered = _run(chat, messages)
    probe = _run(chat, tuple((role, _PROBE if role == "user" else text) for role, text in messages))
    place = 0
    for role, content in messages:
        place = rendered.find(content, place)
        if place < 0 or (role == "user" and _PROBE not in probe):
            raise UserError(
                f"the chat template of '{chat.checkpoint}' does not pass what its {role} says on as it is; "
                "use another `template`"
            )
        place += len(content)
    found = [int(number) for number in _SENTINEL.findall(rendered)]
    if found != list(range(len(found))) or len(found) != sum(len(_SENTINEL.findall(m)) for _, m in messages):
        raise UserError(
            f"the chat template of '{chat.checkpoint}' says some message twice; use another `template`"
        )
    return rendered


def _run(chat: Chat, messages: tuple[tuple[str, str], ...], *, asks: bool = True) -> str:
    text: str = _compiled(chat.template).render(
        messages=[{"role": role, "content": content} for role, content in messages],
        add_generation_prompt=asks,
        enable_thinking=False,  # Qwen 3 and its like; the others do not ask
        tools=None,
        documents=None,
        **dict(chat.tokens),
    )
    return text


def check_syntax(template: str) -> str | None:
    """What is wrong with a template as jinja2 reads it; None where nothing is."""
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
    """That of `transformers`, with trimmed blocks: a template reads differently without."""
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[_Generation, loopcontrols]
    )
    environment.filters["tojson"] = _to_json
    environment.globals["raise_exception"] = _raise
    environment.globals["strftime_now"] = lambda form: _TODAY.strftime(form)
    environment.globals["namespace"] = _Attributes
    environment.globals["dict"] = lambda *items, **more: dict(*items, **more)  # without what a class has
    return environment


class _Generation(Extension):
    """`{% generation %}` marks what a model is to learn; it prints what is inside."""

    tags = {"generation"}  # noqa: RUF012  (jinja2 reads it from the class)

    def parse(self, parser: Parser) -> list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


class _Attributes(Namespace):
    """Jinja2's namespace, but for names that begin with an underscore: they lead to Python's own."""

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
