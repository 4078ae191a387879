"""Weights of tokens by how clearly they indicate the language of a text, learnt from token frequencies."""

from collections import Counter
from collections.abc import Mapping, Sequence

from ontarget.languages import Language
from ontarget.prompts.encode import FastTokenizer, encode_response

MIN_WEIGHT = 0.1  # smaller weights count as 0: they are noise of the counts


class TokenFrequencies:
    """The frequency of each token in the text of each language."""

    def __init__(
        self, tokenizer: FastTokenizer, separator: str, lines: Mapping[Language, Sequence[str]]
    ) -> None:
        """Counts the tokens of texts.

        Args:
            tokenizer: the tokenizer.
            separator: the text between prompt and response.
            lines: texts of each language.
        """
        self._counts = {
            language: Counter(
                id for text in texts for id in encode_response(tokenizer, text, separator, eos=False)
            )
            for language, texts in lines.items()
        }
        self._totals = {language: counts.total() for language, counts in self._counts.items()}

    def reveals(self, id: int, produced: Language | None, asked: Language | None) -> float:
        """How clearly the token indicates the language `produced` rather than `asked`, in [0, 1].

        max(0, (P - A) / (P + A)), where P and A are its frequencies in the two languages with add-one
        smoothing. This equals tanh(r / 2) for their log ratio r, and 2q - 1 for the probability q that a text
        with this token is in `produced`, if both languages are equally likely. Values below 1/10 count as 0.

        Args:
            id: the token.
            produced: the language of the text; if unknown, the result is 0.
            asked: the language of the instruction. A language without texts has no tokens.
        """
        if produced is None or produced not in self._counts:
            return 0.0
        of_produced = (self._counts[produced][id] + 1) / (self._totals[produced] + 1)
        if asked is None or asked not in self._counts:
            of_asked = 1 / (self._totals[produced] + 1)
        else:
            of_asked = (self._counts[asked][id] + 1) / (self._totals[asked] + 1)
        share = (of_produced - of_asked) / (of_produced + of_asked)
        return share if share >= MIN_WEIGHT else 0.0
