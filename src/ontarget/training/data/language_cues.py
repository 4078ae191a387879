"""Where the language of a response shows: the first token that tells it from another one."""

from collections import Counter
from collections.abc import Mapping, Sequence

from ontarget.languages import Language
from ontarget.prompts.encode import FastTokenizer, encode_response
from ontarget.samples.sample import Sample

# A beginning does not tell the language where the asked one begins lines with it this often, as a share
# of how often the other does: at 1/4 it is the other language's in at most four cases out of five.
_SHARED_START = 0.25
_LONGEST_START = 3  # tokens that are looked at, from the first letter on
_HALF_LETTER = "\ufffd"


class Telling:
    """Knows how lines of each language begin, in the tokens of one tokenizer."""

    def __init__(
        self, tokenizer: FastTokenizer, separator: str, lines: Mapping[Language, Sequence[str]]
    ) -> None:
        """`lines` are texts of each language."""
        self._tokenizer, self._separator = tokenizer, separator
        self._carries: dict[int, bool] = {}
        self._starts = {language: self._beginnings(texts) for language, texts in lines.items()}

    def first(self, response: Sequence[int], sample: Sample, separator: str) -> int | None:
        """Index of the first token that tells the language of the response from the one asked for.

        Up to it the answer in the asked language could as well read the same: a name, copied from the source
        as it is written, or a beginning that both languages share. None where that is so for long.

        Args:
            response: ids of the sample's response, without an end token.
            separator: what they begin with.
        """
        first = self._first_letter(response, sample.response, separator)
        if first is None:
            return None
        word = next(word for word in sample.response.split() if any(c.isalpha() for c in word))
        if word in sample.source.split():
            return None
        for length in range(1, min(_LONGEST_START, len(response) - first) + 1):
            start = tuple(response[first : first + length])
            asked, produced = (self._share(start, language) for language in (sample.asked, sample.produced))
            if asked == 0 or asked < _SHARED_START * produced:
                return first + length - 1
        return None

    def carries_letter(self, id: int) -> bool:
        """Whether the token has a letter, or bytes of one, which may tell a language; digits do not."""
        if id not in self._carries:
            text = self._tokenizer.decode([id])
            self._carries[id] = _HALF_LETTER in text or any(c.isalpha() for c in text)
        return self._carries[id]

    def _first_letter(self, ids: Sequence[int], text: str, separator: str) -> int | None:
        """Index of the token that brings the first letter.

        Bytes of a letter that more tokens complete count.
        """
        letter = next((i for i, character in enumerate(text) if character.isalpha()), None)
        if letter is None:
            return None
        before = len((separator + text[:letter]).strip())
        for index in range(len(ids)):
            decoded = self._tokenizer.decode(list(ids[: index + 1])).strip()
            complete = decoded.rstrip(_HALF_LETTER)
            if len(complete) > before or (len(complete) == before and complete != decoded):
                return index
        return None

    def _share(self, start: tuple[int, ...], language: Language | None) -> float:
        """Share of the lines of a language that begin with these tokens; 0 where no lines are known."""
        starts = self._starts.get(language) if language else None
        return starts[start] / starts[()] if starts else 0.0

    def _beginnings(self, texts: Sequence[str]) -> Counter[tuple[int, ...]]:
        counts: Counter[tuple[int, ...]] = Counter()
        for text in texts:
            ids = encode_response(self._tokenizer, text, self._separator, eos=False)
            first = self._first_letter(ids, text, self._separator)
            if first is not None:
                longest = min(_LONGEST_START, len(ids) - first)
                counts.update(tuple(ids[first : first + length]) for length in range(longest + 1))
        return counts
