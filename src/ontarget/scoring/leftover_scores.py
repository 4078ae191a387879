"""Words left over in one system's answers, and their floor: the same in human translations of the sources."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ontarget.languages import Language
from ontarget.scoring.leftover import LeftoverWords
from ontarget.scoring.lexicon import Lexicon, WordCounts
from ontarget.scoring.reading.hypotheses import HypothesisLine
from ontarget.scoring.score import Score


class LeftoverScores:
    """Counts answers and their references, some lines at a time.

    Of several references each is judged by the others, as answers are judged by all. One alone has nothing
    that shows which of its copied words are right, so that its floor is an upper bound.

    Args:
        target: the language that was asked for.
        source: the language of the sources.
        counts: words of monolingual text, by language; used if the target language is among them.

    Raises:
        UserError: lid.176.ftz does not know the target language.
    """

    def __init__(
        self, target: Language, source: Language | None, counts: Mapping[Language, WordCounts]
    ) -> None:
        lexicon = Lexicon(target, counts) if target in counts else None
        self._answers = LeftoverWords(target, source, lexicon)
        self._one = LeftoverWords(target, source, lexicon, bound=True)
        self._several = LeftoverWords(target, source, lexicon)

    def add(self, lines: Sequence[HypothesisLine]) -> dict[str, Sequence[float | str]]:
        """Counts some more lines: all of them have a source, or none; the same number of references.

        Returns:
            Of each line, `leftover`, the share of its words in percent, and `leftover_words`, these words.
        """
        found = [line.source for line in lines if line.source is not None]
        sources = found if len(found) == len(lines) else None
        references = [line.references for line in lines]
        width = len(references[0]) if references else 0
        if width == 1:
            self._one.add([only for (only,) in references], sources)
        elif width:
            for i in range(width):
                others = [(*of_line[:i], *of_line[i + 1 :]) for of_line in references]
                self._several.add([of_line[i] for of_line in references], sources, others)
        texts = [line.text for line in lines]
        left = self._answers.add(texts, sources, references if width else None)
        return {
            "leftover": [100.0 * one.left / max(one.words, 1) for one in left],
            "leftover_words": [
                " ".join(text[start:end] for start, end in one.places)
                for text, one in zip(texts, left, strict=True)
            ],
        }

    def scores(self) -> dict[str, Score]:
        """`leftover`, and with references `leftover_floor`; none without a word."""
        if not self._answers.words:
            return {}
        scores = {"leftover": self._answers.score}
        for floor, kind in ((self._one, "at-most"), (self._several, "by-the-others")):
            if floor.words:
                signature = f"floor:{kind}|{floor.signature}"
                scores["leftover_floor"] = replace(floor.score, metric="leftover_floor", signature=signature)
        return scores
