"""Prompt templates: a translation request becomes the segments of a prompt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import yaml

from ontarget.corpora.corpus import Translation
from ontarget.errors import UserError, nearest
from ontarget.languages import Direction, Language
from ontarget.prompts.segment import Prompt, Segment
from ontarget.prompts.wording import prompt_languages, wording

_FOLDER = resources.files("ontarget.prompts") / "templates"
_ENGLISH = Language("en")


@dataclass(frozen=True, slots=True)
class PromptTemplate:
    """The layout of a prompt; the words are in `texts/<language>.yaml`.

    Attributes:
        name: `alpaca` (Zan et al. 2025) or `plain` (short, for tiny models).
        preamble: how the parts of this block are put together, with {names} of parts; it comes once.
        instruction: the same of this block, and so on.
        input: this one holds {text} as well.
        response: the last, after which the model goes on.
        separator: stands between the prompt and the response, and is encoded with the response.
        demonstration_end: follows the answer of a demonstration.
        stop: generated text is cut at the first of these.
    """

    name: str
    preamble: str
    instruction: str
    input: str
    response: str
    separator: str
    demonstration_end: str
    stop: tuple[str, ...]

    @classmethod
    def load(cls, name: str) -> "PromptTemplate":
        """The template of `templates/<name>.yaml`.

        Raises:
            UserError: there is none of that name; the message names the nearest.
        """
        known = sorted(f.name.removesuffix(".yaml") for f in _FOLDER.iterdir() if f.name.endswith(".yaml"))
        if name not in known:
            raise UserError(
                f"unknown prompt template '{name}'{nearest(name, known)} (there are: {', '.join(known)})"
            )
        return _load(name)

    def render(
        self,
        source: str,
        direction: Direction,
        *,
        prompt_language: Language = _ENGLISH,
        post_instruction: bool = False,
        demonstrations: Sequence[Translation] = (),
    ) -> Prompt:
        """The prompt that asks for `source` in another language.

        Texts to translate, and those of demonstrations, go in once, as they are, in segments of their own
        that are not trusted: whatever braces, headings or control tokens they hold stay text.

        Args:
            source: the text to translate.
            direction: what the instruction asks for.
            prompt_language: the language of the prompt itself; the target language for PTL.
            post_instruction: puts the input before the instruction (Liu et al. 2308.12097).
            demonstrations: answered requests that come first, each with an instruction of its own direction.

        Raises:
            UserError: there are no prompt texts in `prompt_language`.
        """
        words = wording(prompt_language)
        pieces = [Segment(self.preamble.format(**words.parts(self.name, direction)), True)]
        for shown in demonstrations:
            pieces += self._request(shown.source, words.parts(self.name, shown.direction), post_instruction)
            pieces += [Segment(self.separator, True), Segment(shown.target, False)]
            pieces += [Segment(self.demonstration_end, True)]
        pieces += self._request(source, words.parts(self.name, direction), post_instruction)
        return _joined(pieces)

    def _request(self, source: str, parts: Mapping[str, str], post_instruction: bool) -> list[Segment]:
        """Instruction, input and response heading of one request."""
        instruction = Segment(self.instruction.format(**parts), True)
        before, after = (Segment(half.format(**parts), True) for half in self.input.split("{text}"))
        text = [before, Segment(source, False), after]
        asked = [*text, instruction] if post_instruction else [instruction, *text]
        return [*asked, Segment(self.response.format(**parts), True)]


@cache
def _load(name: str) -> PromptTemplate:
    content = yaml.safe_load((_FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    # A model may go on in another language than it was asked in: the headings of all of them stop it.
    words = [wording(Language(code)).templates[name] for code in prompt_languages()]
    stop = [pattern.format(**parts) for pattern in content.pop("stop") for parts in words]
    return PromptTemplate(name=name, stop=tuple(dict.fromkeys(stop)), **content)


def _joined(pieces: Sequence[Segment]) -> Prompt:
    """Neighbours that are both trusted, or both not, become one segment; empty ones go."""
    joined: list[Segment] = []
    for piece in pieces:
        if joined and joined[-1].trusted == piece.trusted:
            joined[-1] = Segment(joined[-1].text + piece.text, piece.trusted)
        elif piece.text:
            joined.append(piece)
    return tuple(joined)
