"""Prompt templates, which turn a request (translation or general instruction) into segments of a prompt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from ontarget.corpora.corpus import Translation
from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.prompts.chat import Chat, Fields, Turn
from ontarget.prompts.chat_files import chat_of
from ontarget.prompts.choice import choose
from ontarget.prompts.layout import (
    AUTO,
    Layout,
    TermsBlock,
    Words,
    is_file_name,
    languages_of,
    layout_of,
    names_in,
    words_in,
)
from ontarget.prompts.segment import ChatPrompt, Prompt, Segment, WholePrompt
from ontarget.prompts.served_chat import ServedChat
from ontarget.prompts.wording import ENGLISH, text_language, wording
from ontarget.served_model import ServedModel

Answered = tuple[Turn, str]  # a request and its response

_SOME = Direction(Language("en"), Language("de"))  # to see what a chat template writes around messages


@dataclass(frozen=True, slots=True)
class PromptTemplate:
    """The layout of a prompt, and the source of its words.

    Attributes:
        name: `alpaca` (Zan et al. 2025), `plain` (short, for tiny models), `chat` (the checkpoint's own), the
            prompt of a known model such as `tower`, or the path of a user's file.
        preamble: the block that comes once, at the beginning, with {names} of parts.
        preamble_without_input: the preamble of general instructions without input.
        instruction: the block of the instruction.
        input: the block of the input, which also contains {text}.
        response: the last block, after which the model continues; in a chat, the end of a message.
        separator: text between prompt and response, which is encoded with the response.
        demonstration_end: text after the response of a demonstration.
        stop: stop sequences; generated text is cut at the first of them.
        words: the source of the parts' words.
        chat: the chat template that joins the turns; None if the layout joins them.
        end: the text that a chat writes after a response; its first control token, or else EOS, ends a
            response.
        names: prompt language -> language code -> its name in prompts, where it differs from CLDR's.
        prompted_in: language code -> prompt language of all directions from or into this language.
        bos: whether the tokenizer's BOS begins a prompt without a chat template.
        trim: whether white space at the ends of a chat's messages is removed.
        empty_system: whether a chat without a preamble begins with an empty system message.
        content: keys of a user's message whose content is a list with one part, besides `text`.
        terms: the block that gives translations of terms; None if the prompt has no place for them.
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
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    prompted_in: Mapping[str, str] = field(default_factory=dict)
    bos: bool = True
    trim: bool = True
    empty_system: bool = False
    content: Mapping[str, str] = field(default_factory=dict)
    terms: TermsBlock | None = None

    @classmethod
    def load(cls, name: str, checkpoint: Path | str | ServedModel | None = None) -> "PromptTemplate":
        """The template in `templates/<name>.yaml`, or in the file at a path.

        Args:
            name: the name or path; `auto` stands for the template that fits the checkpoint (choice.py).
            checkpoint: directory or hub name of the model to prompt, or the model on a server; required for
                chat templates.

        Raises:
            UserError: the template does not exist (the message has the nearest name), its file is invalid, or
                the checkpoint has no chat template.
        """
        if name == AUTO:
            name = choose(checkpoint).name
        layout = layout_of(name) if is_file_name(name) else _shipped(name)
        chat = None
        if layout.chat:
            if checkpoint is None:
                raise UserError(
                    f"the template '{name}' needs a chat model, but this model is trained from scratch; "
                    "start from a chat model, or use template: alpaca"
                )
            chat = replace(_chat(checkpoint), thinking_off=layout.thinking_off)
        fields = layout.model_dump(exclude={"chat", "stop", "terms", "checkpoints", "thinking_off"})
        if chat is not None:
            part = _part(layout.content, _SOME)
            fields |= {"separator": layout.separator or chat.separator(part), "end": chat.end(part)}
        return cls(name=name, stop=_stop_sequences(layout), chat=chat, terms=layout.terms, **fields)

    def render(
        self,
        source: str,
        direction: Direction,
        *,
        prompt_language: Language = ENGLISH,
        post_instruction: bool = False,
        demonstrations: Sequence[Translation] = (),
        worded: str | None = None,
        terms: Sequence[tuple[str, str]] = (),
    ) -> Prompt:
        """The prompt that requests the translation of `source`.

        Texts to translate, and those of demonstrations, are inserted unchanged, in untrusted segments of
        their
        own: braces, headings or control tokens in them stay text.

        Args:
            source: the text to translate.
            direction: the direction that the instruction requests.
            prompt_language: the language of the prompt itself; for PTL, the target language. English is used
                for languages without texts.
            post_instruction: puts the input before the instruction (Liu et al. 2308.12097).
            demonstrations: translations that come first, each with the instruction of its own direction.
            worded: the instruction in other words than the template's, with {source} and {target}.
            terms: terms in the text with their translations, which are untrusted text, too.
        Raises:
            UserError: there are terms, but the template has no place for them; or its chat template cannot
                render the prompt.
        """

        def request(text: str, requested: Direction, terms: Sequence[tuple[str, str]] = ()) -> Turn:
            parts = self._parts(prompt_language, requested, worded)
            block = [Segment(self.instruction.format(**parts), True)]
            if terms:
                block = self._with_terms(terms, parts)
            before, after = (Segment(half.format(**parts), True) for half in self.input.split("{text}"))
            given = [before, Segment(text, False), after]
            both = [*given, *block] if post_instruction else [*block, *given]
            content = [*both, Segment(self.response.format(**parts), True)]
            return Turn("user", content, _part(self.content, requested))

        preamble = self.preamble.format(**self._parts(prompt_language, direction, worded))
        shown = [(request(pair.source, pair.direction), pair.target) for pair in demonstrations]
        return self._joined(preamble, shown, request(source, direction, terms))

    def render_general(self, instruction: str, input: str = "") -> Prompt:
        """The prompt of a general instruction, such as Alpaca's, whose text is not trusted.

        Raises:
            UserError: the template names languages outside its instruction, so it is only for translations.
        """
        before, found, after = self.instruction.partition("{instruction}")
        blocks = [self.preamble if input else self.preamble_without_input, before, after, self.response]
        if input:
            blocks += self.input.split("{text}")
        parts = {part: text for part, text in words_in(self.words, "en").items() if not names_in(text)}
        if not found or any(name not in parts for block in blocks for name in names_in(block)):
            raise UserError(
                f"the template '{self.name}' names languages outside {{instruction}}, so it cannot be used "
                "for general instructions; use template: alpaca"
            )
        preamble, before, after, response, *around = (block.format(**parts) for block in blocks)
        request = [Segment(before, True), Segment(instruction, False), Segment(after, True)]
        if input:
            request += [Segment(around[0], True), Segment(input, False), Segment(around[1], True)]
        return self._joined(preamble, [], Turn("user", [*request, Segment(response, True)]))

    def _parts(self, language: Language, direction: Direction, worded: str | None) -> dict[str, str]:
        if worded is None:  # otherwise the words are English
            language = next(
                (
                    Language(code)
                    for of, code in self.prompted_in.items()
                    if any(Language(of).covers(side) for side in direction.sides)
                ),
                language,
            )
        code = text_language(language, languages_of(self.words))
        words = words_in(self.words, code)
        if worded is not None:
            words = {**words, "instruction": worded}
        return wording(Language(code)).parts(words, direction, self.names.get(code))

    def _with_terms(self, terms: Sequence[tuple[str, str]], parts: Mapping[str, str]) -> list[Segment]:
        """The block of terms and its instruction."""
        if self.terms is None:
            raise UserError(f"the template '{self.name}' has no place for terms; leave them out")
        before, rest = self.terms.each.split("{term}")
        between, after = rest.split("{translation}")
        ours = [Segment(text.format(**parts), True) for text in (before, between, after)]
        block = [Segment(self.terms.before.format(**parts), True)]
        for term, translation in terms:
            block += [ours[0], Segment(term, False), ours[1], Segment(translation, False), ours[2]]
        last = self.terms.after + self.terms.instruction
        return [*block, Segment(last.format(**parts), True)]

    def _joined(self, preamble: str, shown: Sequence[Answered], last: Turn) -> Prompt:
        if self.chat is not None:
            system = preamble.strip() or self.empty_system
            turns = [Turn("system", [Segment(preamble, True)])] if system else []
            for request, response in shown:
                turns += [request, Turn("assistant", [Segment(response, False)])]
            return ChatPrompt(_merged(self.chat.prompt([*turns, last], trim=self.trim)))
        pieces = [Segment(preamble, True)]
        for request, response in shown:
            pieces += [*request.content, Segment(self.separator, True), Segment(response, False)]
            pieces += [Segment(self.demonstration_end, True)]
        merged = _merged([*pieces, *last.content])
        return merged if self.bos else WholePrompt(merged)


@cache
def _shipped(name: str) -> Layout:
    return layout_of(name)


def _chat(checkpoint: Path | str | ServedModel) -> Chat:
    if not isinstance(checkpoint, ServedModel):
        return chat_of(checkpoint)
    return chat_of(checkpoint.tokenizer) if checkpoint.tokenizer else ServedChat(checkpoint.name, "")


def _stop_sequences(layout: Layout) -> tuple[str, ...]:
    """The stop sequences in all prompt languages, since a model may continue in another prompt language."""
    spoken = [words_in(layout.words, code) for code in languages_of(layout.words)]
    return tuple(dict.fromkeys(pattern.format(**parts) for pattern in layout.stop for parts in spoken))


def _part(content: Mapping[str, str], direction: Direction) -> Fields:
    """The keys and values of a message whose content is a list with one part."""
    names = wording(ENGLISH).parts({}, direction)
    return tuple((key, value.format(**names)) for key, value in content.items())


def _merged(pieces: Sequence[Segment]) -> Prompt:
    """Joins neighbouring segments with equal trust, and drops empty ones."""
    joined: list[Segment] = []
    for piece in pieces:
        if joined and joined[-1].trusted == piece.trusted:
            joined[-1] = Segment(joined[-1].text + piece.text, piece.trusted)
        elif piece.text:
            joined.append(piece)
    return tuple(joined)
