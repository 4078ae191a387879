"""BLEU and chrF, the two metrics of a run's table; `metrics.py` has the others."""

from collections.abc import Sequence

from sacrebleu.metrics import CHRF

from ontarget import given
from ontarget.languages import Language
from ontarget.scoring.metrics.sacrebleu import Metric
from ontarget.scoring.score import Score


def bleu(hypotheses: Sequence[str], references: Sequence[str], target: Language | str) -> Score:
    """Corpus BLEU with the tokenizer that sacreBLEU recommends for the target language.

    Raises:
        UserError: no lines, line counts that differ, or the tokenizer of Japanese or Korean is not installed.
    """
    metric = Metric("bleu", target)
    return metric.score(metric.statistics(hypotheses, references))


def chrf(hypotheses: Sequence[str], references: Sequence[str]) -> Score:
    """Corpus chrF as sacreBLEU's default has it: chrF2 over characters alone (`nw:0`), not chrF++.

    Raises:
        UserError: no lines, or line counts that differ.
    """
    metric = Metric("chrf", Language("en"))  # the language makes no difference to it
    return metric.score(metric.statistics(hypotheses, references))


def sentence_chrf(hypotheses: Sequence[str], references: Sequence[str]) -> list[float]:
    """chrF of each line by itself, 0 to 100, as sacreBLEU's `sentence_score` has it by default.

    Raises:
        UserError: line counts that differ.
    """
    hypotheses, references = given.hypotheses(hypotheses), given.references(references)
    given.aligned(references, "reference", len(hypotheses))
    metric = CHRF()
    return [
        metric.sentence_score(hypothesis, [reference]).score
        for hypothesis, reference in zip(hypotheses, references, strict=True)
    ]
