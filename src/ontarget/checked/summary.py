"""Counts verdicts chunk by chunk, and says in a few sentences what they found."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from ontarget.checked.verdict import FLAGS, Action, Checked, Flag
from ontarget.errors import UserError, counted
from ontarget.languages import Language

_NAMED = 5  # lines that a sentence names, at most
_WORDS = 3  # of the evidence of a line

_SAID: Mapping[Flag, str] = {
    "empty": "no translation",
    "no_words": "a translation without any word",
    "cut_off": "a translation that is cut off; raise the maximum number of tokens, unless it repeats itself",
    "echo": "a copy of the source",
    "looping": "a translation that repeats itself; forbidding repeated n-grams of size 3 helps",
    "overlong": "a translation more than three times as long as the source",
    "too_short": "a translation less than a third as long as the source",
    "commentary": "words about the translation",
    "source_words": "words that seem to be in another language",
    "placeholders_lost": "placeholders that the translation lacks",
    "numbers_lost": "numbers that the translation lacks",
    "kept": "text that is in the target language already and was kept",
}


@dataclass(slots=True)
class Summary:
    """Numbers of verdicts. Its size does not grow with the number of lines.

    Attributes:
        n: number of lines.
        outcomes: number of lines by outcome.
        actions: number of lines by action.
        flags: number of lines by flag.
        languages: number of off-target lines by the language that was identified.
        examples: for each flag, and for `off_target`, the first few lines: number and evidence.
        too_long: number of a line that did not fit into the model's context -> tokens of its prompt, for the
            first few.
        noun: the word for a line in sentences; documents have segments.
    """

    n: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    actions: Counter[Action] = field(default_factory=Counter)
    flags: Counter[Flag] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    too_long: dict[int, int] = field(default_factory=dict)
    noun: str = "line"

    @property
    def off(self) -> int:
        """Number of off-target lines."""
        return self.outcomes["off_target"]

    @property
    def count_too_long(self) -> int:
        """Number of lines that did not fit into the model's context."""
        return self.flags["too_long"]

    def add(self, results: Sequence[Checked]) -> None:
        """Counts the next lines."""
        for number, one in enumerate(results, self.n + 1):
            verdict = one.verdict
            self.outcomes[verdict.outcome] += 1
            self.actions[verdict.action] += 1
            if verdict.off:
                self.languages[verdict.language] += 1
                self._name("off_target", number, "")
            for flag in verdict.flags:
                self.flags[flag] += 1
                words = verdict.details[flag]
                self._name(flag, number, " ".join([*words[:_WORDS], *["…"] * (len(words) > _WORDS)]))
            if one.hypothesis.too_long and len(self.too_long) < _NAMED:
                self.too_long[number] = one.hypothesis.prompt_tokens
        self.n += len(results)

    def _name(self, kind: str, number: int, evidence: str) -> None:
        named = self.examples.setdefault(kind, [])
        if len(named) < _NAMED:
            named.append((number, evidence))

    def sentences(self) -> list[str]:
        """The summary, a sentence for what was tried again, and one for each flag that was found."""
        if not self.n:
            return []
        return [
            self._outcome(),
            *self._retries(),
            *(self._flag(flag) for flag in FLAGS if self._is_said(flag)),
        ]

    def _outcome(self) -> str:
        names = {
            "on_target": "on target",
            "off_target": "off-target",
            "unsure": "unsure",
            "neutral": "neutral",
        }
        parts = []
        for outcome, name in names.items():
            if not (count := self.outcomes[outcome]):
                continue
            parts.append(f"{count} {name}")
            if outcome == "off_target":
                languages = ", ".join(
                    f"{number} {_name_of(label)}" for label, number in self.languages.most_common(_NAMED)
                )
                parts[-1] += f" ({languages}; {self._lines('off_target', count)})"
        return f"{counted(self.n, self.noun)} checked: {', '.join(parts)}"

    def _retries(self) -> list[str]:
        tried = {
            "reranked": "on target after re-ranking",
            "retried": "on target after sampling",
            "pivoted": "on target through a pivot",
            "escalated": "on target by the other model",
            "failed": "still off-target after all retries",
        }
        parts = [f"{self.actions[one]} {said}" for one, said in tried.items() if self.actions[one]]  # type: ignore[index]
        return [f"tried again: {', '.join(parts)}"] if parts else []

    def _is_said(self, flag: Flag) -> bool:
        return flag in _SAID and self.flags[flag] > 0

    def _flag(self, flag: Flag) -> str:
        count = self.flags[flag]
        return f"{counted(count, self.noun)} with {_SAID[flag]} ({self._lines(flag, count)})"

    def _lines(self, kind: str, count: int) -> str:
        named = self.examples[kind]
        more = ", …" if count > len(named) else ""
        if any(evidence for _, evidence in named):
            return "; ".join(f"{self.noun} {number}: {evidence}" for number, evidence in named) + more
        return f"{self.noun}{'s' * (count > 1)} {', '.join(str(number) for number, _ in named)}{more}"

    def to_dict(self) -> dict[str, Any]:
        """The numbers as plain data, for JSON."""
        return {
            "n": self.n,
            "outcomes": dict(self.outcomes),
            "actions": dict(self.actions),
            "flags": dict(self.flags),
            "languages": dict(self.languages),
            "examples": {kind: [list(one) for one in named] for kind, named in self.examples.items()},
            "too_long": {str(number): tokens for number, tokens in self.too_long.items()},
        }

    @classmethod
    def of_dict(cls, data: Mapping[str, Any], noun: str = "line") -> Self:
        """The summary that `to_dict` wrote."""
        return cls(
            data["n"],
            Counter(data["outcomes"]),
            Counter(data["actions"]),
            Counter(data["flags"]),
            Counter(data["languages"]),
            {kind: [(number, text) for number, text in named] for kind, named in data["examples"].items()},
            {int(number): tokens for number, tokens in data["too_long"].items()},
            noun,
        )


def _name_of(label: str) -> str:
    if label in ("", "und"):
        return "empty" if not label else "unknown"
    try:
        return Language(label).name()
    except UserError:  # an identifier may have labels of its own
        return label
