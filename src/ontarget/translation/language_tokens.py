"""Counts of tokens by language: how often each begins a line of a language, and how often it occurs."""

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from ontarget.errors import UserError
from ontarget.languages import Language
from ontarget.prompts.encode import encode_response
from ontarget.text import in_one_line, is_empty
from ontarget.translation.system import LanguageText


@dataclass(frozen=True)
class TokenCounts:
    """Counts of tokens in the lines of each language, encoded as outputs are.

    Attributes:
        languages: language -> its row.
        lines: number of lines of each language, [languages].
        first: number of lines that begin with a token, [languages, vocabulary].
        all: number of occurrences of a token, of the same shape.
    """

    languages: dict[Language, int]
    lines: Tensor
    first: Tensor
    all: Tensor

    def row(self, language: Language) -> int:
        """The row of a language.

        Raises:
            UserError: there is no text in this language.
        """
        if language not in self.languages:
            raise UserError(
                f"there is no text in {language.name()} ({language}) to learn its tokens from; "
                f"there is text in {', '.join(map(str, self.languages))}"
            )
        return self.languages[language]


@lru_cache(maxsize=4)
def count_tokens(
    tokenizer: PreTrainedTokenizerFast, text: LanguageText, separator: str, vocabulary: int
) -> TokenCounts:
    """Counts the tokens of a text; cached for the next call with the same arguments.

    Args:
        tokenizer: the model's tokenizer.
        text: lines of each language.
        separator: the text between prompt and output.
        vocabulary: number of token ids that the model scores.
    """
    first, everywhere, lines = [], [], []
    for of_language in text.lines.values():
        written = [in_one_line(line) for line in of_language if not is_empty(line)]
        encoded = [encode_response(tokenizer, line, separator, eos=False) for line in written]
        lines.append(len(encoded))
        first.append(_row(Counter(ids[0] for ids in encoded), vocabulary))
        everywhere.append(_row(Counter(chain.from_iterable(encoded)), vocabulary))
    rows = {language: row for row, language in enumerate(text.lines)}
    return TokenCounts(rows, torch.tensor(lines), torch.stack(first), torch.stack(everywhere))


def _row(counts: Counter[int], vocabulary: int) -> Tensor:
    row = torch.zeros(vocabulary, dtype=torch.float64)
    row[list(counts)] = torch.tensor(list(counts.values()), dtype=torch.float64)
    return row
