"""Words of a hypothesis that were left in the source's language, or are in another one than was asked for.

An off-target ratio judges lines: *Un groupe de männern tient des bâtons de Baumwolle* is French to it. Here
words are judged, by four kinds of evidence.

script  the word is in a script that the language is not written in: *weather* in Russian, 漢字 in French
copied  the word stands in the source, is no name, and an identifier that chooses between source and target
        language is sure that it is the source's. All languages borrow from English, and close relatives share
        their words: from these a word is copied only where a reference or monolingual text shows that it is
        not one of the target language
rarer   the word is far more frequent in text of another language than in text of the one asked for
run     all runs of five words that hold the word are in another language, four words in a row or more
"""

from collections.abc import Collection, Iterable, Sequence
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
from ontarget.scoring.word_places import PlacedWord, keys_in, words_in, written_in

LETTERS = 4
"""Letters of the shortest word that is judged by itself; the identifier knows too little of a shorter one."""
SURE = 0.9
"""The probability from which a guess about a single word counts."""
LIKELY = 0.5
"""The same where a reference does without the word: of many words the identifier knows little."""
RUN = 5
"""Words of a run that the identifier is asked about."""
SURE_OF_RUN = 0.6
"""The probability from which a guess about a run counts. All runs of several words have to agree."""
ROW = 4
"""Words in a row that have to be in such runs: at the ends of a line a name alone would do."""
_ALIKE = 0.6  # of a word's letters: a reference's word that begins with as many is a cognate or the same name
_CAPITAL_NOUNS = {"de", "lb", "nds", "gsw", "bar", "pfl"}  # a capital is no sign of a name there


class Leftover(NamedTuple):
    """What was found of one hypothesis.

    Attributes:
        words: how many words it has.
        left: how many of them are left over.
        places: start and end in characters of each of these, in order.
    """

    words: int
    left: int
    places: tuple[tuple[int, int], ...]


class LeftoverWords:
    """Counts words that are left over, some lines at a time. A line's result depends on no other line.

    Args:
        target: the language that was asked for.
        source: the language of the sources; without, no word is known to be copied.
        lexicon: word counts of monolingual text, for `rarer`; a word that it knows is not `copied` either.
        bound: whether the identifier is believed of every copied word, English ones too, although neither a
            reference nor a lexicon bears it out: on human text, more than is left over at most.

    Raises:
        UserError: lid.176.ftz does not know the target language.

    Attributes:
        n: how many hypotheses there were.
        words: how many words they have.
        left: how many of these are left over.
        lines: how many hypotheses have such a word.
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
        self._not_off = on_target | relatives  # human text is taken for a close relative, too
        self._scripts = letters_of(target.scripts)
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
        """Judges some more hypotheses.

        Args:
            hypotheses: one text each.
            sources: what they translate, line by line, for `copied`.
            references: human translations of each line. A word that one of them has, or that begins like one
                of theirs, is a name, a cognate or a quotation, and not left over.

        Returns:
            What was found of each.

        Raises:
            UserError: what is not a list of strings, or numbers of lines that differ.
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
            left |= {i for i, word in enumerate(mine) if self._foreign(word)}
        if sources is not None:
            self._add_copied(words, sources, found)
        for mine, left, of_line in zip(words, found, references or (), strict=references is not None):
            if left:
                right = frozenset().union(*map(keys_in, of_line))
                left -= {i for i in left if _alike(mine[i].key, right)}
        return [self._count(mine, left) for mine, left in zip(words, found, strict=True)]

    def _count(self, words: Sequence[PlacedWord], left: Collection[int]) -> Leftover:
        found = Leftover(
            sum(word.size for word in words),
            sum(words[i].size for i in left),
            tuple((words[i].start, words[i].end) for i in sorted(left)),
        )
        self.n += 1
        self.words += found.words
        self.left += found.left
        self.lines += found.left > 0
        return found

    def _foreign(self, word: PlacedWord) -> bool:
        """By script, or by how much rarer the word is in the target language."""
        small = len(word.key) >= LETTERS and word.text.islower()  # in capitals it may be a name
        if small and self._lexicon is not None and self._lexicon.foreign(word.key):
            return True
        scripts = word.scripts
        if not scripts or not self._scripts or scripts & self._scripts:
            return False
        if scripts == {"Latn"}:
            return small
        return word.unspaced or len(word.key) > 1  # one Greek letter is a symbol

    def _add_copied(
        self, words: Sequence[Sequence[PlacedWord]], sources: Sequence[str], found: Sequence[set[int]]
    ) -> None:
        """Adds the words that were copied to what was found of each hypothesis."""
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
        """Whether a word is long enough, and none that monolingual text knows."""
        if len(word.key) < LETTERS or word.unspaced:
            return False
        return self._lexicon is None or not self._lexicon.knows(word.key)

    def _by_run(self, texts: Sequence[str], words: Sequence[Sequence[PlacedWord]]) -> list[set[int]]:
        """Words of which every run is in another language, four or more in a row."""
        runs = [
            [text[mine[i].start : mine[i + RUN - 1].end] for i in range(len(mine) - RUN + 1)]
            for text, mine in zip(texts, words, strict=True)
        ]
        # Words in a row take at least as many runs, so that every third shows which texts are worth the rest.
        off = self._off(run for of_text in runs for run in of_text[::ROW])
        suspects = [any(off[run] for run in of_text[::ROW]) for of_text in runs]
        off |= self._off(run for of_text, one in zip(runs, suspects, strict=True) if one for run in of_text)
        return [
            _in_a_row([off[run] for run in of_text]) if one else set()
            for of_text, one in zip(runs, suspects, strict=True)
        ]

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
        """The share of words that are left over, in percent.

        Raises:
            UserError: there was no word.
        """
        if not self.words:
            raise UserError("there are no words to score: the share of words left over is undefined")
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
    """Whether one of the others is the word or begins with most of its letters: *Prahy* and *Prahou*."""
    if word in others or len(word) < LETTERS:
        return word in others
    begins = word[: max(LETTERS, ceil(_ALIKE * len(word)))]
    return any(other.startswith(begins) for other in others)


def _in_a_row(off: Sequence[bool]) -> set[int]:
    """The words of which every run is off, where enough of them stand in a row.

    Args:
        off: of the runs that begin with the first word, the second ...
    """
    words = len(off) + RUN - 1 if off else 0
    rows: list[list[int]] = [[]]
    for i in range(words):
        if all(off[max(0, i - RUN + 1) : i + 1]):
            rows[-1].append(i)
        elif rows[-1]:
            rows.append([])
    return {i for row in rows if len(row) >= ROW for i in row}
