import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sacrebleu.metrics import BLEU, CHRF, TER

from ontarget.scoring.metrics.formulas import bleu_values, chrf_values, ter_values

METRICS = {
    "bleu": (BLEU(), bleu_values),
    "chrf": (CHRF(), chrf_values),
    "chrf++": (CHRF(word_order=2), chrf_values),
    "ter": (TER(), ter_values),
}
TEXT = st.lists(st.sampled_from(["a", "b", "cat", "dog", "1999"]), max_size=7).map(" ".join)
CORPUS = st.lists(st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=4), min_size=1, max_size=5)


@pytest.mark.parametrize("name", METRICS)
@settings(max_examples=60)
@given(CORPUS)
def test_are_those_of_sacrebleu(name: str, corpora: list[list[tuple[str, str]]]) -> None:
    """Over whole corpora at once: empty lines, no match, matches of some orders alone."""
    metric, values = METRICS[name]
    sums = [
        np.sum(metric._extract_corpus_statistics(*_columns(corpus)), axis=0, dtype=np.float64)
        for corpus in corpora
    ]
    theirs = [metric._compute_score_from_stats(total.tolist()).score for total in sums]
    assert values(np.array(sums)) == pytest.approx(theirs, rel=1e-12, abs=1e-12)


def _columns(corpus: list[tuple[str, str]]) -> tuple[list[str], list[list[str]]]:
    hypotheses, references = zip(*corpus, strict=True)
    return list(hypotheses), [list(references)]


def test_bleu_by_hand() -> None:
    """Four of five words, 2 of 4 pairs, no triple of 3, no quadruple of 2, and a reference of six words."""
    total = np.array([5.0, 6.0, 4, 2, 0, 0, 5, 4, 3, 2])
    precisions = [4 / 5, 2 / 4, 1 / (2 * 3), 1 / (4 * 2)]
    expected = 100 * np.exp(1 - 6 / 5) * np.prod(precisions) ** 0.25
    assert bleu_values(total) == pytest.approx(expected)


def test_ter_of_empty_references() -> None:
    assert ter_values(np.array([[0.0, 0.0], [3.0, 0.0], [3.0, 2.0]])).tolist() == [0.0, 100.0, 150.0]
