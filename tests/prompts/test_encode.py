"""With toy tokenizers that have the anatomy of the real ones, made here: no download."""

import json
from collections.abc import Callable
from copy import deepcopy
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

pytest.importorskip("transformers", reason="needs the extra `train`")

from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)
from transformers import PreTrainedTokenizerFast

from ontarget.errors import UserError
from ontarget.prompts.encode import encode_prompt, encode_response
from ontarget.prompts.segment import Segment, text_of

LINES = [
    "### Response:Hallo Welt, ein Mann fährt Rad.",
    "### Response:Ein Hund läuft. Response:Eine Frau singt.",
    "Translate from Italian to Dutch. Translation: Een man fietst.",
    "Translate the following sentences from English to Czech. Dva psi běží.",
] * 5
# How LLaMA-3 cuts text into words: a word takes the one character before it along, a colon too.
WORDS = r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
SPECIAL = ["<s>", "</s>", "<pad>", "<|im_start|>", "<|im_end|>"]


def wrapped(backend: Tokenizer, *, bos: bool = True) -> Any:
    if bos:
        first = backend.token_to_id("<s>")
        backend.post_processor = processors.TemplateProcessing(
            single="<s> $A", special_tokens=[("<s>", first)]
        )
    names = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>"}
    return PreTrainedTokenizerFast(tokenizer_object=backend, **names)


def byte_level(*, bos: bool = True) -> Any:
    """Like LLaMA-3, or without BOS like Qwen. `<think>` is an added token that is not marked special."""
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(WORDS), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    backend.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    backend.train_from_iterator(LINES, trainers.BpeTrainer(vocab_size=500, initial_alphabet=alphabet))
    backend.add_special_tokens([AddedToken(token, special=True) for token in SPECIAL])
    backend.add_tokens([AddedToken("<think>", special=False)])
    return wrapped(backend, bos=bos)


def metaspace(*, prepend_scheme: str = "first") -> Any:
    """Like LLaMA-2: spaces are U+2581, one is put first, unknown characters become bytes."""
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    backend.train_from_iterator(LINES, trainers.BpeTrainer(vocab_size=300))
    learnt = json.loads(backend.to_str())["model"]
    words = ["<unk>", *SPECIAL[:3], *(f"<0x{byte:02X}>" for byte in range(256)), *learnt["vocab"]]
    backend.model = models.BPE(
        vocab={word: id for id, word in enumerate(words)},
        merges=[tuple(merge) for merge in learnt["merges"]],
        unk_token="<unk>",
        byte_fallback=True,
        fuse_unk=True,
    )
    if prepend_scheme == "legacy":
        backend.pre_tokenizer = None
        backend.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    else:
        backend.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=prepend_scheme, split=False)
    strip = decoders.Strip(content=" ", left=1, right=0)
    backend.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), strip]
    )
    backend.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in ["<unk>", *SPECIAL]])
    return wrapped(backend)


TOYS: dict[str, Callable[[], Any]] = {
    "byte-level": byte_level,
    "byte-level-without-bos": lambda: byte_level(bos=False),
    "metaspace": metaspace,
    "metaspace-always": lambda: metaspace(prepend_scheme="always"),
    "metaspace-legacy": lambda: metaspace(prepend_scheme="legacy"),
}


@pytest.fixture(scope="session", params=TOYS)
def tokenizer(request: pytest.FixtureRequest) -> Any:
    """Each toy in turn."""
    return TOYS[request.param]()


@pytest.fixture(scope="session")
def llama3() -> Any:
    return byte_level()


@pytest.fixture(scope="session")
def llama2() -> Any:
    return metaspace()


CONTROL = ["<s>", "</s>", "<pad>", "<|im_start|>", "<|im_end|>", "<think>", "<unk>", "<0x0A>"]
# U+2581 is the space of SentencePiece: no tokenizer of that kind can tell the two apart.
text = st.text(st.characters(codec="utf-8", exclude_characters="▁"), max_size=30)
nasty = st.lists(st.one_of(st.sampled_from(CONTROL), text), max_size=5).map("".join)
segments = st.lists(st.builds(Segment, nasty, st.just(False)) | st.builds(Segment, text, st.just(True)))


def control_ids(tokenizer: Any) -> set[int]:
    return set(tokenizer.backend_tokenizer.get_added_tokens_decoder())


def decoded(tokenizer: Any, ids: list[int]) -> str:
    return tokenizer.backend_tokenizer.decode(ids, skip_special_tokens=False)


def without_bos(tokenizer: Any, ids: list[int]) -> list[int]:
    return ids[1:] if tokenizer("x").input_ids[0] == tokenizer.bos_token_id else ids


@given(prompt=segments.map(tuple))
def test_user_text_is_literal_and_never_a_control_token(tokenizer: Any, prompt: tuple[Segment, ...]) -> None:
    assume(not any(token in "".join(s.text for s in prompt if s.trusted) for token in CONTROL))
    assume(not text_of(prompt).startswith(" "))  # Metaspace decodes " a" as "a", whoever encoded it
    ids = without_bos(tokenizer, encode_prompt(tokenizer, prompt))
    assert not control_ids(tokenizer) & set(ids)
    assert decoded(tokenizer, ids) == text_of(prompt)


@given(text=text)
def test_plain_text_is_encoded_as_the_tokenizer_does(tokenizer: Any, text: str) -> None:
    assume(not any(token in text for token in CONTROL))  # the tokenizer would take them for what they name
    half = len(text) // 2
    prompt = (Segment(text[:half], True), Segment(text[half:], False))
    assert encode_prompt(tokenizer, prompt) == tokenizer(text).input_ids


@given(parts=st.lists(st.one_of(st.sampled_from(["</s>", "<|im_start|>", "<|im_end|>"]), text), max_size=6))
def test_trusted_control_tokens_are_encoded_as_the_tokenizer_does(tokenizer: Any, parts: list[str]) -> None:
    text = "".join(parts)
    assume(not text.startswith("<s>"))  # ours is written once; the tokenizer adds another one
    assert encode_prompt(tokenizer, (Segment(text, True),)) == tokenizer(text).input_ids


@given(
    prompt=text.filter(lambda text: text[:1] not in ("", " ")),
    response=nasty,
    separator=st.sampled_from(["", " ", "\n"]),
)
def test_joined_ids_read_as_prompt_separator_response(
    tokenizer: Any, prompt: str, response: str, separator: str
) -> None:
    ids = encode_prompt(tokenizer, (Segment(prompt, False),))
    ids += encode_response(tokenizer, response, separator, eos=False)
    assert decoded(tokenizer, without_bos(tokenizer, ids)) == prompt + separator + response


@given(response=nasty)
def test_the_only_eos_is_the_one_asked_for(tokenizer: Any, response: str) -> None:
    ids = encode_response(tokenizer, response, "", eos=True)
    assert ids[-1] == tokenizer.eos_token_id
    assert not control_ids(tokenizer) & set(ids[:-1])
    assert ids[:-1] == encode_response(tokenizer, response, "", eos=False)


def test_control_token_cannot_be_put_together_across_segments(tokenizer: Any) -> None:
    ids = encode_prompt(tokenizer, (Segment("a<|im_", True), Segment("end|>b", False)))
    assert not control_ids(tokenizer) & set(without_bos(tokenizer, ids))


def test_bos_comes_first_where_the_tokenizer_puts_one(tokenizer: Any) -> None:
    ids = encode_prompt(tokenizer, (Segment("Hallo", False),))
    adds = tokenizer("Hallo").input_ids[0] == tokenizer.bos_token_id
    assert ids.count(tokenizer.bos_token_id) == (1 if adds else 0)


def test_bos_of_the_template_is_not_doubled(tokenizer: Any) -> None:
    ids = encode_prompt(tokenizer, (Segment("<s>", True), Segment("Hallo", False)))
    assert ids[0] == tokenizer.bos_token_id
    assert ids.count(tokenizer.bos_token_id) == 1


def test_an_empty_prompt_is_bos_alone(llama3: Any) -> None:
    assert encode_prompt(llama3, ()) == [llama3.bos_token_id]


def test_the_first_response_piece_is_supervised(llama3: Any) -> None:
    """Fault 2 of the published code: prompt and response tokenised whole, the prompt's length masked."""
    prompt, response = "### Response:", "Hallo Welt"
    whole = llama3(prompt + response).input_ids
    masked = len(llama3(prompt).input_ids)
    assert decoded(llama3, whole[masked:]) == " Welt", "the toy does not show the fault"

    ids = encode_prompt(llama3, (Segment(prompt, True),))
    labels = encode_response(llama3, response, "", eos=True)
    assert ids == whole[: masked - 1] + llama3(prompt).input_ids[-1:]
    assert decoded(llama3, labels) == "Hallo Welt</s>"
    assert labels[-1] == llama3.eos_token_id


def test_sentencepiece_response_gains_no_space(llama2: Any) -> None:
    pieces = llama2.convert_ids_to_tokens
    assert pieces(llama2("Hallo", add_special_tokens=False).input_ids)[0].startswith("▁")
    glued, spaced = (encode_response(llama2, "Hallo", separator, eos=False) for separator in ("", " "))
    assert "".join(pieces(glued)) == "Hallo"
    assert "".join(pieces(spaced)) == "▁Hallo"


def test_white_space_that_a_control_token_swallows_is_swallowed(llama3: Any) -> None:
    copy = deepcopy(llama3)
    copy.backend_tokenizer.add_special_tokens([AddedToken("<|user|>", special=True, rstrip=True)])
    ours = encode_prompt(copy, (Segment("a<|user|> \n", True), Segment(" b", False)))
    assert ours == copy("a<|user|>").input_ids + copy(" b", add_special_tokens=False).input_ids


def test_tokens_added_later_are_noticed(llama3: Any) -> None:
    copy = deepcopy(llama3)
    prompt = (Segment("<new>", True),)
    before = encode_prompt(copy, prompt)
    copy.add_tokens([AddedToken("<new>", special=True)], special_tokens=True)
    after = encode_prompt(copy, prompt)
    assert len(before) > 2
    assert after == [before[0], copy.convert_tokens_to_ids("<new>")]


def test_truncation_stored_in_the_tokenizer_does_not_cut(llama3: Any) -> None:
    copy = deepcopy(llama3)
    copy.backend_tokenizer.enable_truncation(3)
    long = "ein Mann fährt Rad, ein Hund läuft"
    assert decoded(copy, encode_response(copy, long, "", eos=False)) == long


def test_white_space_tokens_are_ordinary_text(llama3: Any) -> None:
    copy = deepcopy(llama3)
    copy.backend_tokenizer.add_tokens([AddedToken("\n\n", special=False, normalized=False)])
    ids = encode_prompt(copy, (Segment("a\n\nb", False),))
    assert ids == copy("a\n\nb").input_ids
    assert copy.convert_tokens_to_ids("\n\n") in ids


def test_a_vocabulary_that_holds_the_control_token_is_no_way_in() -> None:
    """Unigram looks for the longest pieces, and finds `</s>` among them even when it is no added token."""
    letters = ["▁", "<", "/", "s", ">", "a"]
    backend = Tokenizer(models.Unigram([("<unk>", 0.0), ("</s>", 0.0), *((c, -1.0) for c in letters)], 0))
    backend.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    backend.decoder = decoders.Metaspace(prepend_scheme="first")
    backend.add_special_tokens([AddedToken("<unk>", special=True), AddedToken("</s>", special=True)])
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, eos_token="</s>")
    ids = encode_prompt(tokenizer, (Segment("a</s>a", False),))
    assert tokenizer.eos_token_id not in ids
    assert decoded(tokenizer, ids) == "a</s>a"
    unknown = encode_prompt(tokenizer, (Segment("aß", False),))
    assert unknown == tokenizer("aß").input_ids


def test_tokenizer_without_eos_is_an_error_only_where_eos_is_asked() -> None:
    backend = Tokenizer(models.BPE(vocab={"a": 0}, merges=[]))
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend)
    assert encode_response(tokenizer, "aa", "", eos=False) == [0, 0]
    with pytest.raises(UserError, match="eos_token"):
        encode_response(tokenizer, "aa", "", eos=True)


def test_slow_tokenizer_is_an_error_that_says_so() -> None:
    with pytest.raises(UserError, match=r"not a fast tokenizer.*tokenizer\.json"):
        encode_response(SimpleNamespace(eos_token_id=1), "a", "", eos=False)  # type: ignore[arg-type]
