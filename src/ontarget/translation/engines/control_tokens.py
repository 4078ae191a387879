"""Keeps users' text from becoming control tokens on a server that reads prompts as text.

A tokenizer turns `<|im_end|>` into the token that ends a turn, even in users' text. With the tokenizer of the
model, prompts are sent as token ids, which rules this out (prompts/encode.py). Without it nobody here knows
the control tokens, so everything that looks like one gets a space after its first character, which stays
text in every tokenizer. Where the model repeats it in its output, the space is taken out again.
"""

import re

# Elements of HTML are tokens of some models, but control none. `<s>` is one, too, and begins a sequence.
_HTML = "a|b|br|code|div|em|h[1-6]|hr|i|li|ol|p|pre|span|strong|sub|sup|table|td|th|tr|u|ul"
_LIKE_CONTROL = re.compile(
    r"(?=("  # looks ahead, since two of them may share a character
    r"<[|｜][^<>\n]*>"  # <|im_end|>, <｜User｜>
    rf"|<(?!/?(?:{_HTML})>)/?[A-Za-z_][\w:.-]*>"  # <s>, </s>, <end_of_turn>, the inner part of <<SYS>>
    r"|<0x[0-9A-F]{2}>"
    r"|\[/?[A-Z][A-Z0-9_]+\]|\[gMASK\]"  # [INST], [/INST], [SEP]
    r"|>>[A-Z_]+<<"  # >>QUESTION<<
    r"))."
)


def broken(text: str) -> str:
    """A user's text with a space after the first character of everything that looks like a control token."""
    return _LIKE_CONTROL.sub(r"\g<0> ", text)


def mended(output: str, text: str) -> str:
    """A model's output without these spaces, where it repeats what looks like a control token in `text`."""
    for token in sorted(set(_LIKE_CONTROL.findall(text)), key=len, reverse=True):  # some are within others
        output = output.replace(broken(token), token)
    return output
