"""Users' text that looks like a control token, for servers that read prompts as text."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ontarget.translation.engines.control_tokens import broken, mended

# The control tokens of usual models.
TOKENS = [
    *(
        "<|im_end|>",
        "<|im_start|>",
        "<|endoftext|>",
        "<|eot_id|>",
        "<|start_header_id|>",
        "<|START_OF_TURN_TOKEN|>",
    ),
    *(
        "<s>",
        "</s>",
        "<unk>",
        "<pad>",
        "<bos>",
        "<eos>",
        "<start_of_turn>",
        "<end_of_turn>",
        "<unused12>",
        "<mask:0>",
    ),
    *(
        "[INST]",
        "[/INST]",
        "[SYSTEM_PROMPT]",
        "[TOOL_CALLS]",
        "[SEP]",
        "[UNUSED_TOKEN_145]",
        "[gMASK]",
        "<<SYS>>",
    ),
    *(
        "<｜User｜>",
        "<｜begin▁of▁sentence｜>",
        "<think>",
        "</think>",
        "<tool_call>",
        "<extra_id_0>",
        "<0x0A>",
    ),
    *("<fim_prefix>", "<seed:bos>", "<SPECIAL_12>", ">>QUESTION<<", "<fr>", "<2de>"),
]
WORDS = [
    "Haus",
    " ",
    "\n",
    "<",
    ">",
    "|",
    "[",
    "]",
    "/",
    "a < b",
    "<b>bold</b>",
    "x[1]",
    '<g id="1">',
    "3 < 4 > 2",
]


@pytest.mark.parametrize("token", [token for token in TOKENS if token != "<2de>"])
def test_a_control_token_is_broken_and_mended(token: str) -> None:
    assert token not in broken(f"Das {token}ist")
    assert mended(f"C'est {broken(token)} !", f"Das {token}ist") == f"C'est {token} !"


@given(st.lists(st.sampled_from(TOKENS + WORDS)).map("".join))
@example("<|>>QUESTION<<s>")
@example("<|[INST]|>")
def test_no_control_token_is_left_and_none_is_lost(text: str) -> None:
    safe = broken(text)
    assert not [token for token in TOKENS if token in safe and token != "<2de>"]
    assert re.sub(r"\s", "", safe) == re.sub(r"\s", "", text)
    assert mended(safe, text) == text


@pytest.mark.parametrize(
    "text",
    [
        "<b>Haus</b> <br/> <h1>x</h1>",
        "a < b, c > d, 3<4>2 and <3",
        '<g id="1">, <x1/>, <https://a.b/c>, <me@x.de>',
        "[1] and [see] and [A]",
        "{x} %s $VAR",
    ],
)
def test_other_text_stays_as_it_is(text: str) -> None:
    assert broken(text) == text


def test_an_output_is_mended_only_where_the_text_had_it() -> None:
    assert mended("< s> and < pad>", "x <pad>") == "< s> and <pad>"
