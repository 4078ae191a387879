"""BLEU and chrF as functions, the two metrics in the table of a run; `sacrebleu.py` has all metrics."""

from collections.abc import Sequence

from ontarget import given
from ontarget.languages import Language
from ontarget.scoring.metrics.sacrebleu import Metric
from ontarget.scoring.score import Score


def bleu(hypotheses: Sequence[str], references: Sequence[str], target: Language | str) -> Score:
    """Corpus BLEU with the tokenizer that sacreBLEU recommends for the target language.

    Raises:
        UserError: there are no lines, the numbers of lines differ, or the tokenizer for Japanese or Korean is
            not installed.
    """
    metric = Metric("bleu", target)
    return metric.score(metric.statistics(hypotheses, references))


def chrf(hypotheses: Sequence[str], references: Sequence[str]) -> Score:
    """Corpus chrF with sacreBLEU's defaults: chrF2 over characters only (`nw:0`), not chrF++.

    Raises:
        UserError: there are no lines, or the numbers of lines differ.
    """
    metric = Metric("chrf", Language("en"))  # chrF does not depend on the language
    return metric.score(metric.statistics(hypotheses, references))


def sentence_chrf(hypotheses: Sequence[str], references: Sequence[str]) -> list[float]:
    """chrF of each line by itself, 0 to 100, with the defaults of sacreBLEU's `sentence_score`.

    Raises:
        UserError: the numbers of lines differ.
    """
    from sacrebleu.metrics import CHRF  # here, since `sacrebleu.py` loads it in less time

    hypotheses, references = given.hypotheses(hypotheses), given.references(references)
    given.aligned(references, "reference", len(hypotheses))
    metric = CHRF()
    return [
        metric.sentence_score(hypothesis, [reference]).score
        for hypothesis, reference in zip(hypotheses, references, strict=True)
    ]
