"""From prompts and responses to token ids, for any fast tokenizer of Hugging Face.

A tokenizer turns the text `</s>` into its end-of-sequence token, whoever wrote it. So text is encoded by a
copy of the tokenizer that heeds no control tokens, and control tokens enter as ids: those that trusted
segments name, BOS, EOS. (`split_special_tokens` of transformers does not suffice: it is a switch on a shared
object, and added tokens that are not marked special, such as `<think>`, get past it.)

A prompt and its response are encoded apart and their ids joined. Encoded whole, a byte-level tokenizer merges
the end of the one with the start of the other, and the border between them is lost (the published code's
fault: the first response piece goes unsupervised).

SentencePiece-style tokenizers (Metaspace, LLaMA-2) put a space before a text and take it away again when they
decode. Only what begins a sequence gets that space here; a response goes on from its prompt. They also write
a space as U+2581, so this one character of a text decodes as a space.
"""

import json
import re
from functools import lru_cache
from typing import Protocol, Self

from ontarget.errors import UserError
from ontarget.prompts.segment import ChatPrompt, Prompt


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
        """The text that the ids stand for."""
        ...


def encode_prompt(tokenizer: FastTokenizer, prompt: Prompt) -> list[int]:
    """The ids of a prompt, BOS first where the tokenizer itself would put one, never twice.

    A chat has it only where its template says so, as in transformers' `apply_chat_template`.

    Control tokens come from trusted segments alone. All text between two of them, trusted or not, is encoded
    in one go, as the model has seen it.
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
    if isinstance(prompt, ChatPrompt):
        return ids
    begins = tokenizer.backend_tokenizer.encode("x", add_special_tokens=True).ids[0]
    return ids if bos is None or begins != bos or ids[:1] == [bos] else [bos, *ids]


def encode_response(
    tokenizer: FastTokenizer, text: str, separator: str, *, eos: bool, end: str = ""
) -> list[int]:
    """The ids of a response as it goes on from a prompt: separator, literal text, and what ends it if `eos`.

    Raises:
        UserError: `eos` is asked of a tokenizer that has none.
    """
    ids = _codec(tokenizer).go_on(separator + text)
    return [*ids, end_id(tokenizer, end)] if eos else ids


def end_id(tokenizer: FastTokenizer, end: str = "") -> int:
    """What ends a response: the first control token of `end`, trusted text of a chat, or else EOS.

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
    """The first control token of what a chat writes after an answer; None where there is none in it."""
    return next((piece for piece in _codec(tokenizer).split(end) if isinstance(piece, int)), None)


class _Codec:
    """A tokenizer taken apart: its control tokens here, its way with plain text there."""

    def __init__(self, backend: _Backend) -> None:
        content = json.loads(backend.to_str())
        for token in content["added_tokens"]:
            # Runs of spaces or newlines are added tokens too (Gemma, Phi), but ordinary text.
            token["special"] = not token["content"].isspace()
        control = [token for token in content["added_tokens"] if token["special"]]
        content |= {"truncation": None, "padding": None, "post_processor": None}
        self._plain = type(backend).from_str(json.dumps(content))
        self._plain.encode_special_tokens = True  # that is: as text
        control.sort(key=lambda token: len(token["content"]), reverse=True)  # the longest match wins
        self._ids = [token["id"] for token in control]
        self._pattern = re.compile("|".join(f"({_pattern(token)})" for token in control))
        model = content["model"]
        unknown = {model.get("unk_token"), model.get("unk_id")}  # stands for letters, and is no control token
        self._forbidden = {
            token["id"] for token in control if unknown.isdisjoint((token["id"], token["content"]))
        }
        self._prefixes = self.literal("x") != self._anchored("x")
        self._backend, self._texts = backend, {token["id"]: token["content"] for token in control}
        self._begun = dict[int, bool]()

    def split(self, text: str) -> list[str | int]:
        """Trusted text as plain pieces and the ids of the control tokens between them."""
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
        """Whether text gets a prefix after these ids: that differs, and from one control token to another."""
        if before and before[-1] not in self._begun:
            probe = self._backend.encode(self._texts[before[-1]] + "x", add_special_tokens=False).ids
            begun = before[-1] in probe and probe[probe.index(before[-1]) + 1 :] == self.literal("x")
            self._begun[before[-1]] = begun
        return not before or self._begun[before[-1]]

    def go_on(self, text: str) -> list[int]:
        """Plain text that follows other text: no prefix is put before it."""
        return self._anchored(text) if self._prefixes else self.literal(text)

    def literal(self, text: str) -> list[int]:
        """Plain text by itself; no id of it is a control token's."""
        ids = self._plain.encode(text, add_special_tokens=False).ids
        if self._forbidden.isdisjoint(ids):
            return ids
        # The vocabulary below the added tokens holds it too, and this model looks whole words up (Unigram,
        # `ignore_merges`): spell it.
        return [part for id in ids for part in (self._spelt(id) if id in self._forbidden else [id])]

    def _spelt(self, id: int) -> list[int]:
        return [
            part.id for char in self._plain.id_to_token(id) or "" for part in self._plain.model.tokenize(char)
        ]

    def _anchored(self, text: str) -> list[int]:
        """Encodes something before `text` and cuts it off; it must not merge with what follows."""
        for anchor in ("\n", "]", "1"):
            head, whole = self.literal(anchor), self.literal(anchor + text)
            if head and whole[: len(head)] == head:
                return whole[len(head) :]
        return self.literal(text)


def _codec(tokenizer: FastTokenizer) -> _Codec:
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise UserError(f"{type(tokenizer).__name__} is no fast tokenizer; the model needs a tokenizer.json")
    return _cached(tokenizer, tokenizer.backend_tokenizer.get_vocab_size())


@lru_cache(maxsize=4)
def _cached(tokenizer: FastTokenizer, size: int) -> _Codec:
    """One copy for each tokenizer, made again when tokens were added to it (its `size` grew)."""
    return _Codec(tokenizer.backend_tokenizer)


def _pattern(token: dict[str, str | bool]) -> str:
    """A control token with the white space that it swallows."""
    before, after = (r"\s*" if token[side] else "" for side in ("lstrip", "rstrip"))
    return before + re.escape(str(token["content"])) + after
