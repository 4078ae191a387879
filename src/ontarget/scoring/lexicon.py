"""Word frequencies in text of several languages, as evidence of the language that a word belongs to."""

from collections import Counter
from collections.abc import Iterable, Mapping

from ontarget.languages import Language
from ontarget.scoring.word_places import words_in

OFTEN = 5
"""Minimum number of occurrences of a word that counts as evidence."""
TIMES = 20
"""Minimum ratio of a word's frequency in another language to that in the target language."""


class WordCounts:
    """The words of monolingual text, in lower case.

    Args:
        lines: the text.

    Attributes:
        words: number of occurrences of each word.
        small: the same for words written in lower case, since names do not belong to a language.
        n: total number of words.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        self.words: Counter[str] = Counter()
        self.small: Counter[str] = Counter()
        for line in lines:
            words = words_in(line)
            self.words.update(word.key for word in words)
            self.small.update(word.key for word in words if word.text.islower())
        self.n = self.words.total()


class Lexicon:
    """Decides whether a word belongs to the target language or to another one.

    Args:
        target: the target language.
        counts: language -> word counts of its text; the target language is one of them.
    """

    def __init__(self, target: Language, counts: Mapping[Language, WordCounts]) -> None:
        self._target = counts[target]
        self._others = [found for language, found in counts.items() if language != target]
        sizes = sorted((str(language), found.n) for language, found in counts.items())
        self.signature = f"{'+'.join(f'{code}.{n}' for code, n in sizes)}/{TIMES}x{OFTEN}"

    def knows(self, word: str) -> bool:
        """Whether the word belongs to the target language: it occurs at least twice, and is not `foreign`."""
        return self._target.words[word] > 1 and not self.foreign(word)

    def foreign(self, word: str) -> bool:
        """Whether the word is far more frequent in another language, and not merely rare in both."""
        rate = (self._target.words[word] + 1) / max(self._target.n, 1)
        return any(
            other.small[word] >= OFTEN and other.small[word] / other.n >= TIMES * rate
            for other in self._others
        )
