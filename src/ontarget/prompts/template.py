"""Prompt templates: a request, to translate or anything else, becomes the segments of a prompt."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ontarget.corpora.corpus import Translation
from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.prompts.chat import Chat, Turn
from ontarget.prompts.chat_files import chat_of
from ontarget.prompts.layout import Layout, Words, is_file_name, languages_of, layout_of, names_in, words_in
from ontarget.prompts.segment import ChatPrompt, Prompt, Segment
from ontarget.prompts.wording import ENGLISH, text_language, wording

Answered = tuple[Sequence[Segment], str]  # a request, and its answer


@dataclass(frozen=True, slots=True)
class PromptTemplate:
    """The layout of a prompt, and where its words come from.

    Attributes:
        name: `alpaca` (Zan et al. 2025), `plain` (short, for tiny models), `chat` (the checkpoint's own), or
            the path of a user's file.
        preamble: how the parts of this block are put together, with {names} of parts; it comes once.
        preamble_without_input: the same of a general instruction that comes without an input.
        instruction: the same of this block, and so on.
        input: this one holds {text} as well.
        response: the last, after which the model goes on.
        separator: stands between the prompt and the response, and is encoded with the response.
        demonstration_end: follows the answer of a demonstration.
        stop: generated text is cut at the first of these.
        words: what the parts say.
        chat: puts the turns together in place of the layout's own seams.
        end: what a chat writes after an answer; the first control token in it ends a response, or else EOS.
    """

    name: str
    preamble: str
    preamble_without_input: str
    instruction: str
    input: str
    response: str
    separator: str
    demonstration_end: str
    stop: tuple[str, ...]
    words: Words
    chat: Chat | None = None
    end: str = ""

    @classmethod
    def load(cls, name: str, checkpoint: Path | str | None = None) -> "PromptTemplate":
        """The template of `templates/<name>.yaml`, or of the file at a path.

        Args:
            checkpoint: directory or hub name of the model that is asked; a template that is a chat needs it.

        Raises:
            UserError: there is none of that name (the message names the nearest), the file is wrong, or the
                checkpoint has no chat template.
        """
        layout = layout_of(name) if is_file_name(name) else _shipped(name)
        chat = None
        if layout.chat:
            if checkpoint is None:
                raise UserError(
                    f"the template '{name}' is that of a model's chat, and the model is made from nothing "
                    "here; start from a chat model, or use template: alpaca"
                )
            chat = chat_of(checkpoint)
        fields = layout.model_dump(exclude={"chat", "stop"})
        if chat is not None:
            fields |= {"separator": layout.separator or chat.separator, "end": chat.end}
        return cls(name=name, stop=_stop_sequences(layout), chat=chat, **fields)

    def render(
        self,
        source: str,
        direction: Direction,
        *,
        prompt_language: Language = ENGLISH,
        post_instruction: bool = False,
        demonstrations: Sequence[Translation] = (),
        worded: str | None = None,
    ) -> Prompt:
        """The prompt that asks for `source` in another language.

        Texts to translate, and those of demonstrations, go in once, as they are, in segments of their own
        that are not trusted: whatever braces, headings or control tokens they hold stay text.

        Args:
            source: the text to translate.
            direction: what the instruction asks for.
            prompt_language: the language of the prompt itself; the target language for PTL. English serves
                those without texts.
            post_instruction: puts the input before the instruction (Liu et al. 2308.12097).
            demonstrations: answered requests that come first, each with an instruction of its own direction.
            worded: the instruction in other words than the template's, with {source} and {target}.
        """

        def request(text: str, asked: Direction) -> list[Segment]:
            parts = self._parts(prompt_language, asked, worded)
            block = [Segment(self.instruction.format(**parts), True)]
            before, after = (Segment(half.format(**parts), True) for half in self.input.split("{text}"))
            given = [before, Segment(text, False), after]
            both = [*given, *block] if post_instruction else [*block, *given]
            return [*both, Segment(self.response.format(**parts), True)]

        preamble = self.preamble.format(**self._parts(prompt_language, direction, worded))
        shown = [(request(pair.source, pair.direction), pair.target) for pair in demonstrations]
        return self._joined(preamble, shown, request(source, direction))

    def render_general(self, instruction: str, input: str = "") -> Prompt:
        """The prompt of a general instruction, as Alpaca's are: what it says is a user's, and not trusted.

        Raises:
            UserError: the template names languages outside of its instruction: it is for translations alone.
        """
        before, found, after = self.instruction.partition("{instruction}")
        blocks = [self.preamble if input else self.preamble_without_input, before, after, self.response]
        if input:
            blocks += self.input.split("{text}")
        parts = {part: text for part, text in words_in(self.words, "en").items() if not names_in(text)}
        if not found or any(name not in parts for block in blocks for name in names_in(block)):
            raise UserError(
                f"the template '{self.name}' names languages outside of {{instruction}}, so general "
                "instructions cannot be asked with it; use template: alpaca"
            )
        preamble, before, after, response, *around = (block.format(**parts) for block in blocks)
        request = [Segment(before, True), Segment(instruction, False), Segment(after, True)]
        if input:
            request += [Segment(around[0], True), Segment(input, False), Segment(around[1], True)]
        return self._joined(preamble, [], [*request, Segment(response, True)])

    def _parts(self, language: Language, direction: Direction, worded: str | None) -> dict[str, str]:
        code = text_language(language, languages_of(self.words))
        words = words_in(self.words, code)
        if worded is not None:
            words = {**words, "instruction": worded}
        return wording(Language(code)).parts(words, direction)

    def _joined(self, preamble: str, shown: Sequence[Answered], last: Sequence[Segment]) -> Prompt:
        if self.chat is not None:
            turns = [Turn("system", [Segment(preamble, True)])] if preamble.strip() else []
            for request, answer in shown:
                turns += [Turn("user", request), Turn("assistant", [Segment(answer, False)])]
            return ChatPrompt(_merged(self.chat.prompt([*turns, Turn("user", last)])))
        pieces = [Segment(preamble, True)]
        for request, answer in shown:
            pieces += [*request, Segment(self.separator, True), Segment(answer, False)]
            pieces += [Segment(self.demonstration_end, True)]
        return _merged([*pieces, *last])


@cache
def _shipped(name: str) -> Layout:
    return layout_of(name)


def _stop_sequences(layout: Layout) -> tuple[str, ...]:
    """A model may go on in another language than it was asked in: the headings of all of them stop it."""
    spoken = [words_in(layout.words, code) for code in languages_of(layout.words)]
    return tuple(dict.fromkeys(pattern.format(**parts) for pattern in layout.stop for parts in spoken))


def _merged(pieces: Sequence[Segment]) -> Prompt:
    """Neighbours that are both trusted, or both not, become one segment; empty ones go."""
    joined: list[Segment] = []
    for piece in pieces:
        if joined and joined[-1].trusted == piece.trusted:
            joined[-1] = Segment(joined[-1].text + piece.text, piece.trusted)
        elif piece.text:
            joined.append(piece)
    return tuple(joined)
