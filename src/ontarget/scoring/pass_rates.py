"""LPR, WPR and LCPR: the shares of responses with only lines, or words, in the right language.

These are the metrics of the Language Confusion Benchmark (Marchisio et al. 2024, arXiv 2406.20052, section
3.3). The rules for splitting and identifying responses are a parameter: `confusion.rules` are our own,
`lcb.rules` those of the benchmark's script.
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
    """The three metrics, in percent; higher is better. None if a metric is undefined.

    Attributes:
        lpr: line-level pass rate, the share of responses with all lines in the target language.
        wpr: word-level pass rate, the share of *these* responses that contain no English word. Undefined for
            languages in Latin script, where letters do not show a word's language.
        lcpr: language confusion pass rate, the harmonic mean of the two.
        missing: why metrics are undefined, by their names.
    """

    lpr: Score | None
    wpr: Score | None
    lcpr: Score | None
    missing: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ResponseRules:
    """The rules for splitting and identifying responses.

    Attributes:
        lines: a response -> its lines that are long enough to count.
        guesses: lines, the identifier, its labels for the target language -> a guess for each line.
        is_english: whether a word is English; None if there is no list of English words.
        signature: these settings, as a signature lists them.
        words: minimum number of words in a line that counts.
        confidence: a line fails if the probability of its guess does not exceed this value.
        empty_passes: WPR is 100 if no response passes LPR; otherwise it is undefined in this case.
    """

    lines: Callable[[str], list[Line]]
    guesses: Callable[[Sequence[str], Identifier, frozenset[str]], list[Guess]]
    is_english: Callable[[str], bool] | None
    signature: str
    words: int = 5
    confidence: float = 0.3
    empty_passes: bool = False


class PassRates:
    """Counts responses chunk by chunk.

    Args:
        language: the target language.
        identifier: identifies the lines.
        rules: the rules for splitting and identifying responses.

    Raises:
        UserError: the identifier does not know the language.
    """

    def __init__(self, language: Language, identifier: Identifier, rules: ResponseRules) -> None:
        self._language, self._identifier, self._rules = language, identifier, rules
        self._expected = known_labels(language, identifier)
        self._counted = self._right = self._clean = 0

    def add(self, responses: Iterable[str]) -> None:
        """Counts responses of one or more lines each."""
        counted = [lines for response in responses if (lines := self._rules.lines(response))]
        texts = [text for lines in counted for text, _ in lines]
        guesses = iter(self._rules.guesses(texts, self._identifier, self._expected))
        for lines in counted:
            passes = [self._passes(next(guesses)) for _ in lines]
            if all(passes):
                self._right += 1
                self._clean += not any(self._has_english(words) for _, words in lines)
        self._counted += len(counted)

    def _passes(self, guess: Guess) -> bool:
        return guess.label in self._expected and guess.probability > self._rules.confidence

    def _has_english(self, words: Sequence[str]) -> bool:
        return self._rules.is_english is not None and any(map(self._rules.is_english, words))

    def figures(self) -> LanguageConfusion:
        """The three metrics over all responses that were added."""
        if not self._counted:
            why = f"no response has a line of {self._rules.words} words"
            return LanguageConfusion(None, None, None, dict.fromkeys(("lpr", "wpr", "lcpr"), why))
        lpr = self._score("lpr", self._right, self._counted)
        if why := self._no_words():
            return LanguageConfusion(lpr, None, None, dict.fromkeys(("wpr", "lcpr"), why))
        wpr = self._score("wpr", self._clean, self._right)
        both = 2 * lpr.value * wpr.value / (lpr.value + wpr.value or 1.0)
        return LanguageConfusion(lpr, wpr, Score("lcpr", both, self._counted, lpr.signature))

    def _no_words(self) -> str:
        """The reason why there is no WPR; empty if there is one."""
        if self._language.script == "Latn":
            return "letters do not show the language of words in Latin script"
        if self._rules.is_english is None:
            return "it needs a list of English words: --english-words FILE"
        if not self._right and not self._rules.empty_passes:
            return "no response passes LPR"
        return ""

    def _score(self, metric: str, passed: int, n: int) -> Score:
        rules = f"lid:{self._identifier.signature}|{self._rules.signature}"
        signature = f"{rules}|n:{self._counted}|version:{SCORING_VERSION}"
        if not n:
            return Score(metric, 100.0, 0, signature)
        return Score(metric, 100.0 * passed / n, n, signature, wilson(passed, n))
