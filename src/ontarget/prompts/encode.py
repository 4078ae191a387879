"""Encodes prompts and responses as token ids, for any fast tokenizer of Hugging Face.

A tokenizer turns the text `</s>` into its end-of-sequence token, even in users' text. Text is therefore
encoded by a copy of the tokenizer without control tokens, and control tokens are added as ids: those in
trusted segments, BOS and EOS. (`split_special_tokens` of transformers is not enough: it is a switch on a
shared object, and does not cover added tokens that are not marked as special, such as `<think>`.)

A prompt and its response are encoded separately and their ids are joined. If they were encoded together, a
byte-level tokenizer would merge the end of the prompt with the start of the response. The published code has
this fault: the first piece of the response is not supervised.

SentencePiece-style tokenizers (Metaspace, LLaMA-2) add a space before a text and remove it when they decode.
Here only the beginning of a sequence gets this space, since a response continues its prompt. These tokenizers
also encode a space as U+2581, so this character in a text is decoded as a space.
"""

import json
import re
from functools import cached_property, lru_cache
from typing import Protocol, Self

from ontarget.errors import UserError
from ontarget.prompts.segment import Prompt, WholePrompt


class _Piece(Protocol):
    id: int


class _Model(Protocol):
    def tokenize(self, sequence: str) -> list[_Piece]: ...


class _Encoding(Protocol):
    ids: list[int]


class _Backend(Protocol):
    """The part of `tokenizers.Tokenizer` that is used here."""

    model: _Model
    encode_special_tokens: bool

    def encode(self, sequence: str, *, add_special_tokens: bool) -> _Encoding: ...
    def get_vocab_size(self) -> int: ...
    def id_to_token(self, id: int) -> str | None: ...
    def to_str(self) -> str: ...
    @classmethod
    def from_str(cls, json: str) -> Self: ...


class FastTokenizer(Protocol):
    """The part of `transformers.PreTrainedTokenizerFast` that is used here."""

    backend_tokenizer: _Backend
    bos_token_id: int | None
    eos_token_id: int | None

    def __hash__(self) -> int: ...
    def decode(self, token_ids: list[int]) -> str:
        """The text of the ids."""
        ...


def encode_prompt(tokenizer: FastTokenizer, prompt: Prompt) -> list[int]:
    """The ids of a prompt, with one BOS at the beginning if the tokenizer itself would add it.

    A chat has BOS only if its template writes it, as in transformers' `apply_chat_template`; other templates
    may leave it out.

    Control tokens come only from trusted segments. The whole text between two control tokens, trusted or not,
    is encoded together, as the model has seen it in training.
    """
    codec = _codec(tokenizer)
    ids: list[int] = []
    text = ""
    for segment in prompt:
        for piece in codec.split(segment.text) if segment.trusted else [segment.text]:
            if isinstance(piece, str):
                text += piece
            else:
                ids += [*codec.encode(text, ids), piece]
                text = ""
    ids += codec.encode(text, ids)
    bos = tokenizer.bos_token_id
    if isinstance(prompt, WholePrompt):
        return ids
    return ids if bos is None or codec.begins_with != bos or ids[:1] == [bos] else [bos, *ids]


def encode_response(
    tokenizer: FastTokenizer, text: str, separator: str, *, eos: bool, end: str = ""
) -> list[int]:
    """The ids of a response that continues a prompt: separator, literal text, and its end token with `eos`.

    Raises:
        UserError: `eos` is set, but the tokenizer has no end token.
    """
    ids = _codec(tokenizer).go_on(separator + text)
    return [*ids, end_id(tokenizer, end)] if eos else ids


def end_id(tokenizer: FastTokenizer, end: str = "") -> int:
    """The end token of a response: the first control token in `end`, trusted text of a chat, or else EOS.

    Raises:
        UserError: there is neither.
    """
    found = turn_end_id(tokenizer, end)
    if found is None and (found := tokenizer.eos_token_id) is None:
        raise UserError(
            "the tokenizer has no end-of-sequence token; set eos_token in its tokenizer_config.json"
        )
    return found


def turn_end_id(tokenizer: FastTokenizer, end: str) -> int | None:
    """The first control token in the text that a chat writes after a response, or None."""
    return next((piece for piece in _codec(tokenizer).split(end) if isinstance(piece, int)), None)


class _Codec:
    """A tokenizer split into its control tokens and its encoding of plain text."""

    def __init__(self, backend: _Backend) -> None:
        content = json.loads(backend.to_str())
        for token in content["added_tokens"]:
            # Runs of spaces or newlines are added tokens too (Gemma, Phi), but ordinary text.
            token["special"] = not token["content"].isspace()
        control = [token for token in content["added_tokens"] if token["special"]]
        content |= {"truncation": None, "padding": None, "post_processor": None}
        self._plain = type(backend).from_str(json.dumps(content))
        self._plain.encode_special_tokens = True  # encodes them as text
        control.sort(key=lambda token: len(token["content"]), reverse=True)  # the longest match wins
        self._ids = [token["id"] for token in control]
        self._pattern = re.compile("|".join(f"({_pattern(token)})" for token in control))
        model = content["model"]
        unknown = {model.get("unk_token"), model.get("unk_id")}  # stands for letters, so not a control token
        self._forbidden = {
            token["id"] for token in control if unknown.isdisjoint((token["id"], token["content"]))
        }
        self._prefixes = self.literal("x") != self._anchored("x")
        self._backend, self._texts = backend, {token["id"]: token["content"] for token in control}
        self._begun = dict[int, bool]()

    @cached_property
    def begins_with(self) -> int:
        """The first id of a text: BOS if the tokenizer adds it."""
        return self._backend.encode("x", add_special_tokens=True).ids[0]

    def split(self, text: str) -> list[str | int]:
        """Splits trusted text into plain pieces and the ids of the control tokens between them."""
        if not self._ids:
            return [text]
        pieces: list[str | int] = []
        end = 0
        for match in self._pattern.finditer(text):
            assert match.lastindex is not None
            pieces += [text[end : match.start()], self._ids[match.lastindex - 1]]
            end = match.end()
        return [*pieces, text[end:]]

    def encode(self, text: str, before: list[int]) -> list[int]:
        """Plain text that begins a sequence, or follows a control token."""
        return self.literal(text) if self._begins(before) else self.go_on(text)

    def _begins(self, before: list[int]) -> bool:
        """Whether text gets a prefix after these ids, which depends on the last control token."""
        if before and before[-1] not in self._begun:
            probe = self._backend.encode(self._texts[before[-1]] + "x", add_special_tokens=False).ids
            begun = before[-1] in probe and probe[probe.index(before[-1]) + 1 :] == self.literal("x")
            self._begun[before[-1]] = begun
        return not before or self._begun[before[-1]]

    def go_on(self, text: str) -> list[int]:
        """Plain text that follows other text, and so gets no prefix."""
        return self._anchored(text) if self._prefixes else self.literal(text)

    def literal(self, text: str) -> list[int]:
        """Plain text by itself, without ids of control tokens."""
        ids = self._plain.encode(text, add_special_tokens=False).ids
        if self._forbidden.isdisjoint(ids):
            return ids
        # The base vocabulary also has the control token, and this model looks up whole words (Unigram,
        # `ignore_merges`), so it is spelt in characters.
        return [part for id in ids for part in (self._spelt(id) if id in self._forbidden else [id])]

    def _spelt(self, id: int) -> list[int]:
        return [
            part.id for char in self._plain.id_to_token(id) or "" for part in self._plain.model.tokenize(char)
        ]

    def _anchored(self, text: str) -> list[int]:
        """Encodes an anchor before `text` and removes its ids; the anchor must not merge with the text."""
        for anchor in ("\n", "]", "1"):
            head, whole = self.literal(anchor), self.literal(anchor + text)
            if head and whole[: len(head)] == head:
                return whole[len(head) :]
        return self.literal(text)


def _codec(tokenizer: FastTokenizer) -> _Codec:
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise UserError(
            f"{type(tokenizer).__name__} is not a fast tokenizer; the model needs a tokenizer.json"
        )
    return _cached(tokenizer, tokenizer.backend_tokenizer.get_vocab_size())


@lru_cache(maxsize=4)
def _cached(tokenizer: FastTokenizer, size: int) -> _Codec:
    """One codec for each tokenizer, made again after tokens are added (its `size` grows)."""
    return _Codec(tokenizer.backend_tokenizer)


def _pattern(token: dict[str, str | bool]) -> str:
    """A pattern for a control token with the white space that it absorbs."""
    before, after = (r"\s*" if token[side] else "" for side in ("lstrip", "rstrip"))
    return before + re.escape(str(token["content"])) + after
