"""Leftover words: single words of a hypothesis in the source language or in another wrong language.

The off-target ratio evaluates whole lines: it takes *Un groupe de männern tient des bâtons de Baumwolle* as
French. This module evaluates words, by four kinds of evidence:

script  the word is in a script that the target language does not use: *weather* in Russian, 漢字 in French
copied  the word occurs in the source, is not a name, and an identifier that chooses between source and target
        language is sure that it belongs to the source language. All languages borrow from English, and close
        relatives share words. From these languages a word counts as copied only if a reference or monolingual
        text shows that the target language does not have it
rarer   the word is far more frequent in text of another language than in text of the target language
run     all sequences of five words that contain the word are in another language; this holds for at least
        four words in a row
"""

from collections.abc import Collection, Iterable, Sequence
from itertools import chain
from math import ceil
from typing import NamedTuple

from ontarget import given
from ontarget.errors import UserError
from ontarget.languages import Language
from ontarget.scoring.language_id.close_relatives import close_relatives
from ontarget.scoring.language_id.identifier import FastText, default_identifier, known_labels
from ontarget.scoring.language_id.labels import labels_of
from ontarget.scoring.language_id.scripts import letters_of
from ontarget.scoring.lexicon import Lexicon
from ontarget.scoring.score import Score
from ontarget.scoring.version import SCORING_VERSION
from ontarget.scoring.word_places import PlacedWord, keys_in, number_of, words_in, written_in

LETTERS = 4
"""Minimum number of letters of a word that is evaluated by itself; shorter words cannot be identified."""
SURE = 0.9
"""Minimum probability of a guess for a single word."""
LIKELY = 0.5
"""The same if no reference has the word, since the identifier is rarely sure of a single word."""
RUN = 5
"""Number of words in a sequence that is identified."""
SURE_OF_RUN = 0.6
"""Minimum probability of a guess for a sequence. All sequences that contain a word must agree."""
ROW = 4
"""Minimum number of such words in a row; at the ends of a line, a single name could otherwise be enough."""
_ALIKE = (
    0.6  # share of a word's letters; a reference word that begins with them is a cognate or the same name
)
_CAPITAL_NOUNS = {"de", "lb", "nds", "gsw", "bar", "pfl"}  # here, a capital is not a sign of a name


class Leftover(NamedTuple):
    """The leftover words of one hypothesis.

    Attributes:
        words: number of words in the hypothesis.
        left: number of leftover words.
        places: start and end of each leftover word in characters, in order.
    """

    words: int
    left: int
    places: tuple[tuple[int, int], ...]


class LeftoverWords:
    """Counts leftover words chunk by chunk. The result of a line does not depend on other lines.

    Args:
        target: the target language.
        source: the language of the sources; without it, `copied` is not evaluated.
        lexicon: word counts of monolingual text, for `rarer`; a word that it knows is not `copied` either.
        bound: trusts the identifier for every copied word, including English ones, without evidence from a
            reference or a lexicon. On human text this gives an upper bound.

    Raises:
        UserError: lid.176.ftz does not know the target language.

    Attributes:
        n: number of hypotheses.
        words: number of words in them.
        left: number of leftover words.
        lines: number of hypotheses with a leftover word.
    """

    def __init__(
        self,
        target: Language,
        source: Language | None = None,
        lexicon: Lexicon | None = None,
        *,
        bound: bool = False,
    ) -> None:
        self._lexicon = lexicon
        self._identifier = default_identifier()
        on_target = known_labels(target, self._identifier)
        of_source = labels_of(source, self._identifier.labels) - on_target if source else frozenset()
        self._of_source = of_source
        self._between = FastText(among=[source, target]) if source and of_source else None
        relatives = _relatives(target, self._identifier.labels)
        self._not_off = on_target | relatives  # identifiers take even human text for a close relative
        self._scripts = letters_of(target.scripts)
        # Nothing shows that a word in plain Latin letters is foreign.
        self._ascii_fits = lexicon is None and (not self._scripts or "Latn" in self._scripts)
        self._capital_nouns = source is not None and source.primary in _CAPITAL_NOUNS
        self._shares_words = not bound and bool(of_source & (relatives | {"en"}))
        self._given = {"src": False, "ref": False}
        self.n = self.words = self.left = self.lines = 0

    def add(
        self,
        hypotheses: Sequence[str],
        sources: Sequence[str] | None = None,
        references: Sequence[Sequence[str]] | None = None,
    ) -> list[Leftover]:
        """Counts a chunk of hypotheses.

        Args:
            hypotheses: the hypotheses.
            sources: the source of each, for `copied`.
            references: human translations of each. A word that occurs in one of them, or begins like one of
                their words, is a name, a cognate or a quotation, and not left over.

        Returns:
            The leftover words of each hypothesis.

        Raises:
            UserError: an argument is not a list of strings, or the numbers of lines differ.
        """
        hypotheses = given.hypotheses(hypotheses, begin=self.n)
        if sources is not None:
            sources = given.texts(sources, "sources", "source", begin=self.n)
        for what, lines in (("source", sources), ("reference", references)):
            if lines is not None:
                given.aligned(lines, what, len(hypotheses))
        self._given = {"src": sources is not None, "ref": references is not None}
        words = [words_in(text) for text in hypotheses]
        found = self._by_run(hypotheses, words)
        for mine, left in zip(words, found, strict=True):
            left |= {
                i
                for i, word in enumerate(mine)
                if not (self._ascii_fits and word.text.isascii()) and self._foreign(word)
            }
        if sources is not None:
            self._add_copied(words, sources, found)
        for mine, left, of_line in zip(words, found, references or (), strict=references is not None):
            if left:
                right = frozenset().union(*map(keys_in, of_line))
                left -= {i for i in left if _alike(mine[i].key, right)}
        return [self._count(*one) for one in zip(hypotheses, words, found, strict=True)]

    def _count(self, text: str, words: Sequence[PlacedWord], left: Collection[int]) -> Leftover:
        found = Leftover(
            number_of(words, text),
            sum(words[i].size for i in left),
            tuple((words[i].start, words[i].end) for i in sorted(left)),
        )
        self.n += 1
        self.words += found.words
        self.left += found.left
        self.lines += found.left > 0
        return found

    def _foreign(self, word: PlacedWord) -> bool:
        """Whether a word is foreign by its script, or because it is rarer in the target language."""
        small = len(word.key) >= LETTERS and word.text.islower()  # a word with a capital may be a name
        if small and self._lexicon is not None and self._lexicon.foreign(word.key):
            return True
        scripts = word.scripts
        if not scripts or not self._scripts or scripts & self._scripts:
            return False
        if scripts == {"Latn"}:
            return small
        return word.unspaced or len(word.key) > 1  # a single Greek letter is a symbol

    def _add_copied(
        self, words: Sequence[Sequence[PlacedWord]], sources: Sequence[str], found: Sequence[set[int]]
    ) -> None:
        """Adds the copied words to those found in each hypothesis."""
        evidence = self._given["ref"] or self._lexicon is not None
        if self._between is None or (self._shares_words and not evidence):
            return
        sure = LIKELY if self._given["ref"] else SURE
        places: dict[str, list[tuple[int, int]]] = {}
        for line, (mine, source) in enumerate(zip(words, sources, strict=True)):
            of_source = written_in(source)
            copied = {word.casefold() for word in of_source if word.islower()}
            nouns = {word.casefold() for word in of_source} - copied if self._capital_nouns else set()
            for i, word in enumerate(mine):
                is_copy = word.key in copied or (word.key in nouns and (evidence or word.text.islower()))
                if is_copy and self._may_be_left(word):
                    places.setdefault(word.key, []).append((line, i))
        for guess, of_word in zip(self._between.identify(list(places)), places.values(), strict=True):
            if guess.label in self._of_source and guess.probability >= sure:
                for line, i in of_word:
                    found[line].add(i)

    def _may_be_left(self, word: PlacedWord) -> bool:
        """Whether a word is long enough, and not one that the monolingual text of the target language has."""
        if len(word.key) < LETTERS or word.unspaced:
            return False
        return self._lexicon is None or not self._lexicon.knows(word.key)

    def _by_run(self, texts: Sequence[str], words: Sequence[Sequence[PlacedWord]]) -> list[set[int]]:
        """The words in each text of which every run is in another language, for four or more in a row."""
        # Four such words in a row need at least four such runs, so every fourth run shows all suspects.
        few = [_runs(text, mine, ROW) for text, mine in zip(texts, words, strict=True)]
        off = self._off(chain.from_iterable(few))
        runs = [
            _runs(text, mine) if any(map(off.__getitem__, some)) else ()
            for text, mine, some in zip(texts, words, few, strict=True)
        ]
        off |= self._off(chain.from_iterable(runs))
        return [_in_a_row([off[run] for run in of_text]) for of_text in runs]

    def _off(self, runs: Iterable[str]) -> dict[str, bool]:
        """Whether each run is in a language other than the target or a close relative."""
        distinct = list(dict.fromkeys(runs))
        guesses = zip(distinct, self._identifier.identify(distinct), strict=True)
        return {
            run: guess.label not in self._not_off and guess.probability >= SURE_OF_RUN
            for run, guess in guesses
        }

    @property
    def score(self) -> Score:
        """The share of leftover words, in percent.

        Raises:
            UserError: there are no words.
        """
        if not self.words:
            raise UserError("there are no words to score: the share of leftover words is undefined")
        return Score("leftover", 100.0 * self.left / self.words, self.n, self.signature)

    @property
    def signature(self) -> str:
        """All settings that change the number."""
        lid = self._between.signature if self._between else self._identifier.signature
        sure = LIKELY if self._given["ref"] else SURE
        was = "|".join(f"{name}:{'yes' if given else 'no'}" for name, given in self._given.items())
        text = self._lexicon.signature if self._lexicon else "no"
        return (
            f"lid:{lid}|letters:{LETTERS}|sure:{sure:g}|run:{RUN}x{SURE_OF_RUN:g}x{ROW}|{was}|text:{text}"
            f"|words:{self.words}|n:{self.n}|version:{SCORING_VERSION}"
        )


def _relatives(target: Language, labels: Collection[str]) -> frozenset[str]:
    codes = close_relatives(target)
    return frozenset(label for label in labels if label.split("-")[0] in codes)


def _alike(word: str, others: Collection[str]) -> bool:
    """Whether one of the other words is equal or begins with most of the letters: *Prahy* and *Prahou*."""
    if word in others or len(word) < LETTERS:
        return word in others
    begins = word[: max(LETTERS, ceil(_ALIKE * len(word)))]
    return any(other.startswith(begins) for other in others)


def _runs(text: str, words: Sequence[PlacedWord], step: int = 1) -> list[str]:
    """The sequences of words that begin with each word of a text, or with every `step`-th."""
    return [text[words[i].start : words[i + RUN - 1].end] for i in range(0, len(words) - RUN + 1, step)]


def _in_a_row(off: Sequence[bool]) -> set[int]:
    """The words of which every run is off-target, if there are enough of them in a row.

    Args:
        off: whether the runs that begin with the first word, the second ... are off-target.
    """
    words = len(off) + RUN - 1 if off else 0
    rows: list[list[int]] = [[]]
    for i in range(words):
        if all(off[max(0, i - RUN + 1) : i + 1]):
            rows[-1].append(i)
        elif rows[-1]:
            rows.append([])
    return {i for row in rows if len(row) >= ROW for i in row}
