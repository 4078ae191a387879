"""The share of leftover words in a system's hypotheses, and its floor in human translations."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ontarget.languages import Language
from ontarget.scoring.leftover import LeftoverWords
from ontarget.scoring.lexicon import Lexicon, WordCounts
from ontarget.scoring.reading.hypotheses import HypothesisLine
from ontarget.scoring.score import Score


class LeftoverScores:
    """Counts hypotheses and their references chunk by chunk.

    Hypotheses are compared with all references; with several references, each is compared with the others. A
    single reference has no other that shows which of its copied words are right, so its floor is an upper
    bound.

    Args:
        target: the target language.
        source: the language of the sources.
        counts: word counts of monolingual text by language; used if the target language is among them.

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
        """Counts a chunk of lines: all or none have a source, and all have the same number of references.

        Returns:
            For each line `leftover`, the share of leftover words in percent, and `leftover_words`, the words.
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
        """`leftover`, and with references `leftover_floor`; empty if there are no words."""
        if not self._answers.words:
            return {}
        scores = {"leftover": self._answers.score}
        for floor, kind in ((self._one, "at-most"), (self._several, "by-the-others")):
            if floor.words:
                signature = f"floor:{kind}|{floor.signature}"
                scores["leftover_floor"] = replace(floor.score, metric="leftover_floor", signature=signature)
        return scores
