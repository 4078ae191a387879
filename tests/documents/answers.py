"""Stands for a model and its check: functions from texts to checked texts."""

import re
from collections.abc import Callable, Sequence

from ontarget.checked.verdict import Checked, Verdict
from ontarget.languages import Direction, Language
from ontarget.translation.hypothesis import Hypothesis

DIRECTION = Direction(Language("en"), Language("de"))


def answer(source: str, text: str, finish: str = "stop") -> Checked:
    hypothesis = Hypothesis(text, finish, -1.0, 3)  # type: ignore[arg-type]
    return Checked(source, DIRECTION, hypothesis, Verdict("on_target", "de", 0.9))


class Model:
    """Answers each text by a function, and remembers what it was asked."""

    def __init__(self, function: Callable[[str], str]) -> None:
        self.function = function
        self.calls: list[list[str]] = []

    def __call__(self, texts: Sequence[str]) -> list[Checked]:
        self.calls.append(list(texts))
        return [answer(text, self.function(text)) for text in texts]

    @property
    def asked(self) -> list[str]:
        return [text for call in self.calls for text in call]


def same(text: str) -> str:
    return text


def upper(text: str) -> str:
    """Capitals, but for placeholders."""
    return re.sub(
        r"\{\w+\}|%\w|[^{%]", lambda found: found[0] if len(found[0]) > 1 else found[0].upper(), text
    )


def liar(text: str) -> str:
    """Loses every placeholder, tag and name that stands for one."""
    return re.sub(r"[XQZJKWVY]+\d+|\{+\w*\}+|<[^>]*>|%\w|\$\w+|https?://\S+", "", text).upper()
