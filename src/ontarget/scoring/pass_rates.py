"""How many responses are in the right language line by line, and word by word: LPR, WPR and LCPR.

The metrics of the Language Confusion Benchmark (Marchisio et al. 2024, arXiv 2406.20052, section 3.3). How a
response is read is handed in: `confusion.rules` are ours, `lcb.rules` those of the benchmark's script.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ontarget.languages import Language
from ontarget.scoring.interval import wilson
from ontarget.scoring.language_id.identifier import Guess, Identifier, known_labels
from ontarget.scoring.score import Score
from ontarget.scoring.version import SCORING_VERSION

Line = tuple[str, Sequence[str]]
"""A line, and its words that may be English."""


@dataclass(frozen=True, slots=True)
class LanguageConfusion:
    """The three figures, in percent; higher is better. None where one is undefined.

    Attributes:
        lpr: line-level pass rate, the share of responses of which each line is in the language asked for.
        wpr: word-level pass rate, the share of *those* responses that hold no English word. Undefined for
            languages in Latin script, where a word's language cannot be told by its letters.
        lcpr: language confusion pass rate, the harmonic mean of the two.
        missing: why a figure is None, by its name.
    """

    lpr: Score | None
    wpr: Score | None
    lcpr: Score | None
    missing: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ResponseRules:
    """How responses are read.

    Attributes:
        lines: a response -> its lines that are long enough to be judged.
        guesses: lines, the identifier, its labels of the language that was asked for -> a guess of each line.
        is_english: whether a word is English; None if nothing says so.
        signature: these settings, as they stand in a signature.
        words: the least number of words in a line that is judged.
        confidence: a line whose guess has at most this probability fails.
        empty_passes: WPR is 100 where no response passes LPR; else it is undefined there.
    """

    lines: Callable[[str], list[Line]]
    guesses: Callable[[Sequence[str], Identifier, frozenset[str]], list[Guess]]
    is_english: Callable[[str], bool] | None
    signature: str
    words: int = 5
    confidence: float = 0.3
    empty_passes: bool = False


class PassRates:
    """Counts responses, some at a time.

    Args:
        language: the language that was asked for.
        identifier: asked for each line that is judged.
        rules: how responses are read.

    Raises:
        UserError: the identifier does not know the language.
    """

    def __init__(self, language: Language, identifier: Identifier, rules: ResponseRules) -> None:
        self._language, self._identifier, self._rules = language, identifier, rules
        self._expected = known_labels(language, identifier)
        self._judged = self._right = self._clean = 0

    def add(self, responses: Iterable[str]) -> None:
        """Counts responses, each of one line or several."""
        judged = [lines for response in responses if (lines := self._rules.lines(response))]
        texts = [text for lines in judged for text, _ in lines]
        guesses = iter(self._rules.guesses(texts, self._identifier, self._expected))
        for lines in judged:
            passes = [self._passes(next(guesses)) for _ in lines]
            if all(passes):
                self._right += 1
                self._clean += not any(self._has_english(words) for _, words in lines)
        self._judged += len(judged)

    def _passes(self, guess: Guess) -> bool:
        return guess.label in self._expected and guess.probability > self._rules.confidence

    def _has_english(self, words: Sequence[str]) -> bool:
        return self._rules.is_english is not None and any(map(self._rules.is_english, words))

    def figures(self) -> LanguageConfusion:
        """The three figures of all responses that were added."""
        if not self._judged:
            why = f"no response has a line of {self._rules.words} words"
            return LanguageConfusion(None, None, None, dict.fromkeys(("lpr", "wpr", "lcpr"), why))
        lpr = self._score("lpr", self._right, self._judged)
        if why := self._no_words():
            return LanguageConfusion(lpr, None, None, dict.fromkeys(("wpr", "lcpr"), why))
        wpr = self._score("wpr", self._clean, self._right)
        both = 2 * lpr.value * wpr.value / (lpr.value + wpr.value or 1.0)
        return LanguageConfusion(lpr, wpr, Score("lcpr", both, self._judged, lpr.signature))

    def _no_words(self) -> str:
        """Why there is no WPR; empty where there is one."""
        if self._language.script == "Latn":
            return "words in Latin letters do not tell their language"
        if self._rules.is_english is None:
            return "English words are looked up in a list (--english-words FILE), and none is given"
        if not self._right and not self._rules.empty_passes:
            return "no response passes LPR"
        return ""

    def _score(self, metric: str, passed: int, n: int) -> Score:
        rules = f"lid:{self._identifier.signature}|{self._rules.signature}"
        signature = f"{rules}|n:{self._judged}|version:{SCORING_VERSION}"
        if not n:
            return Score(metric, 100.0, 0, signature)
        return Score(metric, 100.0 * passed / n, n, signature, wilson(passed, n))
