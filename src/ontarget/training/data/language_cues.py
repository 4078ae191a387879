"""The language cue of a response: the first token that distinguishes its language from another."""

from collections import Counter
from collections.abc import Mapping, Sequence

from ontarget.languages import Language
from ontarget.prompts.encode import FastTokenizer, encode_response
from ontarget.samples.sample import Sample

# A beginning is no cue if the requested language begins lines with it at least this often, as a share of how
# often the other language does. At 1/4, the other language is right in at most four of five cases.
_SHARED_START = 0.25
_LONGEST_START = 3  # tokens of a beginning, from the first letter on
_HALF_LETTER = "\ufffd"


class LanguageCues:
    """The beginnings of lines in each language, in the tokens of one tokenizer."""

    def __init__(
        self, tokenizer: FastTokenizer, separator: str, lines: Mapping[Language, Sequence[str]]
    ) -> None:
        """Counts the beginnings of texts.

        Args:
            tokenizer: the tokenizer.
            separator: the text between prompt and response.
            lines: texts of each language.
        """
        self._tokenizer, self._separator = tokenizer, separator
        self._carries: dict[int, bool] = {}
        self._starts = {language: self._beginnings(texts) for language, texts in lines.items()}

    def first(self, response: Sequence[int], sample: Sample, separator: str) -> int | None:
        """Index of the first token that distinguishes the response's language from the requested language.

        Before it, a response in the requested language could read the same: a name that is copied from the
        source, or a beginning that both languages share.

        Args:
            response: ids of the sample's response, without an end token.
            sample: the sample, with both languages.
            separator: the text at the beginning of these ids.
        Returns:
            None if the first tokens do not distinguish the languages.
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
        """Whether the token has a letter, or bytes of one. Digits do not indicate a language."""
        if id not in self._carries:
            text = self._tokenizer.decode([id])
            self._carries[id] = _HALF_LETTER in text or any(c.isalpha() for c in text)
        return self._carries[id]

    def _first_letter(self, ids: Sequence[int], text: str, separator: str) -> int | None:
        """Index of the token with the first letter, or with its first bytes if several tokens make it up."""
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
        """Share of the lines of a language that begin with these tokens; 0 for a language without lines."""
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
