import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ontarget.languages import Language
from ontarget.scoring.metrics.on_target import on_target, on_target_segments, on_target_statistics
from ontarget.scoring.metrics.sacrebleu import Metric
from ontarget.scoring.score import Score

REFERENCES = [
    "Paris compte 2 100 000 habitants.",
    "Le chat dort sur le canapé rouge.",
    "Il a lu Hamlet en 1999.",
]
HYPOTHESES = [
    "Paris has 2 100 000 inhabitants.",
    "Le chat dort sur le canapé rouge.",
    "Er hat 1999 Hamlet gelesen.",
]
OFF = [True, False, True]


def scored(name: str, hypotheses: list[str], references: list[str], off: list[bool]) -> tuple[float, float]:
    """The metric: plain, and on target."""
    metric = Metric(name, Language("fr"))
    statistics = metric.statistics(hypotheses, references)
    on = on_target_statistics(metric, statistics, off)
    return float(metric.value(statistics.sum(0))), float(metric.value(on.sum(0)))


@pytest.mark.parametrize("name", ["bleu", "chrf", "chrf++"])
def test_names_and_numbers_of_another_language_no_longer_count(name: str) -> None:
    plain, on = scored(name, HYPOTHESES, REFERENCES, OFF)
    assert on < plain - 1
    assert scored(name, HYPOTHESES, REFERENCES, [False] * 3) == (plain, plain)
    assert scored(name, HYPOTHESES, REFERENCES, [True] * 3)[1] == 0.0


def test_bleu_by_hand() -> None:
    """One of two equal segments is off: half the n-grams match, at the same length."""
    sentence = "un deux trois quatre cinq"
    assert scored("bleu", [sentence] * 2, [sentence] * 2, [True, False]) == pytest.approx((100.0, 50.0))


def test_a_run_on_is_no_better_on_target() -> None:
    """An empty hypothesis would have 100 % edits, the run-on has 400 %."""
    plain, on = scored("ter", ["no " * 20], ["non jamais non jamais non"], [True])
    assert plain == on == 400.0
    assert scored("ter", ["non"], ["non jamais"], [True]) == (50.0, 100.0)


WORDS = st.lists(st.sampled_from(["un", "deux", "trois", "1999", "Paris", "no"]), min_size=1, max_size=8)
SEGMENTS = st.lists(
    st.tuples(WORDS.map(" ".join), WORDS.map(" ".join), st.booleans()), min_size=1, max_size=6
)


@settings(max_examples=60)
@given(SEGMENTS)
def test_is_never_better_than_the_plain_score(segments: list[tuple[str, str, bool]]) -> None:
    hypotheses, references, off = (list(column) for column in zip(*segments, strict=True))
    for name in ("bleu", "chrf++"):
        plain, on = scored(name, hypotheses, references, off)
        assert on <= plain + 1e-9
    plain, on = scored("ter", hypotheses, references, off)
    assert on >= plain - 1e-9


def test_leaves_the_plain_statistics_alone() -> None:
    metric = Metric("bleu", Language("fr"))
    statistics = metric.statistics(HYPOTHESES, REFERENCES)
    before = statistics.copy()
    on_target_statistics(metric, statistics, OFF)
    assert np.array_equal(statistics, before)


def test_a_segment_score_becomes_the_worst() -> None:
    assert on_target_segments([0.9, 0.8, 0.7], OFF) == [0.0, 0.8, 0.0]
    assert on_target_segments([-0.1, 0.8, 0.7], OFF) == [-0.1, 0.8, 0.0]
    assert on_target_segments([0.3, 5.0, 2.0], OFF, worst=25.0) == [25.0, 5.0, 25.0]


def test_the_signature_says_by_which_ratio() -> None:
    otr = Score("otr_strict", 50.0, 3, "lid:lid.176.ftz|n:3")
    score = on_target(Score("bleu", 12.0, 3, "tok:13a"), otr)
    assert score.metric == "bleu_on_target"
    assert str(score) == "BLEU on target|tok:13a|off:otr_strict|lid:lid.176.ftz|n:3 = 12.00"
