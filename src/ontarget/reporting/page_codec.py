"""Numbers and texts in few bytes: a page holds a hundred thousand outputs, and is to be sent by mail.

Deflate, which browsers unpack by themselves, looks back 32 kB. So words become numbers, the commonest the
smallest: what eight systems say of one line, in all directions, is then near enough to be found again.

    the header as JSON, with `words`, and a line break; from there on numbers of seven bits a byte, the lowest
    first, the eighth bit set where more follow (LEB128): each column, its length before it; how many texts
    there are; and each of them, the place of each of its words from 1, and 0.
"""

import base64
import json
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

# With the blank before it: "the cat" is two words. Where writing has no blanks (Thai to Burmese, Khmer, and
# from Chinese radicals on), each letter is one.
_ALONE = "\u0e00-\u109f\u1780-\u17ff\u2e80-\ud7ff\uf900-\ufaff\uff00-\uffef"
_WORD = re.compile(rf" ?[^ {_ALONE}]+|[ {_ALONE}]")
_OF_ONE_BYTE, _OF_TWO = 1 << 7, 1 << 14


def compact(header: Mapping[str, Any], columns: Iterable[Sequence[int]], texts: Sequence[str]) -> str:
    """All of it, deflated, in base64; `unpack` in `page.js` reads it.

    Args:
        header: JSON; it gets a key `words` besides.
        columns: of numbers from 0.
        texts: each of them once. What has no UTF-8 (half a surrogate pair) becomes a question mark.
    """
    split = [_WORD.findall(text.encode("utf-8", "replace").decode("utf-8")) for text in texts]
    words = _in_order(Counter(word for of_text in split for word in of_text))
    places = {word: place for place, word in enumerate(words, start=1)}
    numbers = [number for column in columns for number in (len(column), *column)]
    numbers.append(len(texts))
    for of_text in split:
        numbers += [places[word] for word in of_text]
        numbers.append(0)
    first = json.dumps({**header, "words": words}, ensure_ascii=False, separators=(",", ":"))
    data = first.encode("utf-8", "replace") + b"\n" + leb128(numbers)
    return base64.b64encode(zlib.compress(data, 9)).decode("ascii")


def leb128(numbers: Iterable[int]) -> bytes:
    """Numbers from 0, one after the other."""
    data = bytearray()
    for number in numbers:
        while number >= _OF_ONE_BYTE:
            data.append(number & 127 | 128)
            number >>= 7
        data.append(number)
    return bytes(data)


def _in_order(counts: Mapping[str, int]) -> list[str]:
    """The commonest first; those that take as many bytes by the alphabet, which deflates better."""
    by_count = sorted(counts, key=lambda word: (-counts[word], word))
    ends = (_OF_ONE_BYTE - 1, _OF_TWO - 1)  # the place 0 ends a text
    common, usual, rare = by_count[: ends[0]], by_count[ends[0] : ends[1]], by_count[ends[1] :]
    return [*common, *usual, *sorted(rare)]
