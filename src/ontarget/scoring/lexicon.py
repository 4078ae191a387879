"""How often words occur in text of several languages: evidence of which of them a word belongs to."""

from collections import Counter
from collections.abc import Iterable, Mapping

from ontarget.languages import Language
from ontarget.scoring.word_places import words_in

OFTEN = 5
"""Occurrences from which a word says something about a language."""
TIMES = 20
"""How many times as frequent as in the target language a word of another language is."""


class WordCounts:
    """The words of monolingual text, in lower case.

    Args:
        lines: the text.

    Attributes:
        words: word -> how often it occurs.
        small: the same of words written in lower case; a name belongs to no language.
        n: how many words there are.
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
    """Which words are those of the target language, and which are another's.

    Args:
        target: the language that was asked for.
        counts: language -> words of its text; the target language is one of them.
    """

    def __init__(self, target: Language, counts: Mapping[Language, WordCounts]) -> None:
        self._target = counts[target]
        self._others = [found for language, found in counts.items() if language != target]
        sizes = sorted((str(language), found.n) for language, found in counts.items())
        self.signature = f"{'+'.join(f'{code}.{n}' for code, n in sizes)}/{TIMES}x{OFTEN}"

    def knows(self, word: str) -> bool:
        """Whether the target language has the word: it occurs twice, and is not another language's."""
        return self._target.words[word] > 1 and not self.foreign(word)

    def foreign(self, word: str) -> bool:
        """Whether the word is far more frequent in another language, and not just rare in both."""
        rate = (self._target.words[word] + 1) / max(self._target.n, 1)
        return any(
            other.small[word] >= OFTEN and other.small[word] / other.n >= TIMES * rate
            for other in self._others
        )
