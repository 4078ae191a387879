"""How much a token reveals of the language that a text is in, rather than the one asked for."""

from collections import Counter
from collections.abc import Mapping, Sequence

from ontarget.languages import Language
from ontarget.prompts.encode import FastTokenizer, encode_response

LEAST = 0.1  # what reveals less reveals nothing: such values are the noise of counts


class Lexicon:
    """Knows how often each token stands in the text of each language."""

    def __init__(
        self, tokenizer: FastTokenizer, separator: str, lines: Mapping[Language, Sequence[str]]
    ) -> None:
        """`lines` are texts of each language."""
        self._counts = {
            language: Counter(
                id for text in texts for id in encode_response(tokenizer, text, separator, eos=False)
            )
            for language, texts in lines.items()
        }
        self._totals = {language: counts.total() for language, counts in self._counts.items()}

    def reveals(self, id: int, produced: Language | None, asked: Language | None) -> float:
        """How surely the token stands in a text of `produced` and not of `asked`, [0, 1].

        max(0, (P - A) / (P + A)), P and A its frequencies in the two, counted once more often than it was
        seen. That is tanh(r / 2) of their log ratio r, or 2q - 1 of the probability q that a text with this
        token is in `produced` where both languages are as likely. 0 below 1/10, and where `produced` is not
        known; a language without lines has none of its tokens.
        """
        if produced is None or produced not in self._counts:
            return 0.0
        of_produced = (self._counts[produced][id] + 1) / (self._totals[produced] + 1)
        if asked is None or asked not in self._counts:
            of_asked = 1 / (self._totals[produced] + 1)
        else:
            of_asked = (self._counts[asked][id] + 1) / (self._totals[asked] + 1)
        share = (of_produced - of_asked) / (of_produced + of_asked)
        return share if share >= LEAST else 0.0
