import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sacrebleu.metrics import BLEU, CHRF
from sacrebleu.significance import PairedTest, Result

from ontarget.errors import UserError
from ontarget.languages import Language
from ontarget.scoring import significance
from ontarget.scoring.metrics.sacrebleu import Metric
from ontarget.scoring.significance import (
    approximate_randomisation,
    bootstrap_interval,
    holm,
    mean_of_segments,
    mean_value,
    paired_bootstrap,
    paired_test,
)

WORDS = [
    "the",
    "cat",
    "dog",
    "sleeps",
    "eats",
    "on",
    "under",
    "a",
    "sofa",
    "table",
    "red",
    "small",
    "bread",
    "today",
]


def texts(seed: int, noise: float, segments: int = 60) -> tuple[list[str], list[str]]:
    """Hypotheses and references: a share `noise` of the words is replaced."""
    rng = np.random.default_rng(seed)
    references = np.random.default_rng(7).choice(WORDS, size=(segments, 9))
    wrong = rng.random(references.shape) < noise
    hypotheses = np.where(wrong, rng.choice(WORDS, size=references.shape), references)
    return [" ".join(row) for row in hypotheses], [" ".join(row) for row in references]


def flags(text: str) -> np.ndarray:
    """`off` flags of a system, written as a word of 0 and 1."""
    return mean_of_segments([100.0 * int(letter) for letter in text])


def exact_p(one: np.ndarray, other: np.ndarray) -> float:
    """All 2^n ways of swapping the two answers of a segment."""
    observed = abs(mean_value(other.sum(0)) - mean_value(one.sum(0)))
    hits = 0
    for swaps in itertools.product((False, True), repeat=len(one)):
        mask = np.array(swaps)[:, None]
        a, b = np.where(mask, other, one).sum(0), np.where(mask, one, other).sum(0)
        hits += abs(mean_value(a) - mean_value(b)) >= observed - 1e-9
    return hits / 2 ** len(one)


@pytest.mark.parametrize(
    ("one", "other"),
    [("1111111100", "0000000100"), ("1010101010", "0101010101"), ("1100", "0011"), ("11111", "00000")],
)
def test_randomisation_is_the_permutation_test(one: str, other: str) -> None:
    exact = exact_p(flags(one), flags(other))
    p = approximate_randomisation(mean_value, [flags(one)], [flags(other)], trials=20_000)
    assert p == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 20_000) + 1e-4)


def test_a_system_against_itself_is_no_difference() -> None:
    """sacreBLEU's `>` would give 1 / (trials + 1) here."""
    same = [flags("1100101")]
    result = paired_test(mean_value, same, same, trials=200, resamples=200)
    assert result == significance.PairedResult(0.0, 1.0, 0.0, 0.0, 1.0)


@pytest.mark.parametrize(
    ("name", "theirs"), [("bleu", BLEU()), ("chrf++", CHRF(word_order=2))], ids=["bleu", "chrf++"]
)
@pytest.mark.parametrize("cells", [significance._CELLS, 64 * 60], ids=["one block", "many blocks"])
def test_agrees_with_sacrebleu(
    name: str, theirs: BLEU | CHRF, cells: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same draws, so the same p-value and mean to the digit; the bootstrap's p by its own formula."""
    monkeypatch.setattr(significance, "_CELLS", cells)
    monkeypatch.setenv("SACREBLEU_SEED", "12345")
    (worse, references), (better, _) = texts(1, 0.30), texts(2, 0.25)

    def result(kind: str, samples: int) -> Result:
        systems = [("worse", worse), ("better", better)]
        _, scores = PairedTest(systems, {"metric": theirs}, [references], kind, samples)()
        [of_metric] = [results for key, results in scores.items() if key != "System"]
        return of_metric[1]

    ours = Metric(name, Language("en"))
    one, other = (ours.statistics(lines, references) for lines in (worse, better))
    p = approximate_randomisation(ours.value, [one], [other], trials=500)
    assert p == result("ar", 500).p_value

    bootstrapped = result("bs", 1000)
    interval = bootstrap_interval(ours.value, [other], resamples=1000)
    assert (interval.high - interval.low) / 2 == pytest.approx(bootstrapped.ci, rel=0.03)  # by other ranks
    before, after = (ours.value(significance._resampled(of, 1000, 12345)) for of in (one, other))
    assert after.mean() == pytest.approx(bootstrapped.mean, rel=1e-6)
    absolute = np.abs(after - before)
    observed = abs(ours.value(other.sum(0)) - ours.value(one.sum(0)))
    moses = (np.sum(absolute - absolute.mean() > observed) + 1) / 1001
    assert moses == pytest.approx(bootstrapped.p_value, abs=2e-3)


def test_p_is_uniform_where_there_is_no_difference() -> None:
    """A tenth of the p-values fall below 0.1, for either test."""
    rng = np.random.default_rng(3)
    randomised, bootstrapped = [], []
    for _ in range(300):
        one, other = (mean_of_segments(rng.normal(size=40)) for _ in range(2))
        result = paired_test(mean_value, [one], [other], trials=300, resamples=300)
        randomised.append(result.p_value)
        bootstrapped.append(result.p_bootstrap)
    for p_values in (np.array(randomised), np.array(bootstrapped)):
        for level in (0.1, 0.3, 0.5, 0.9):  # 3.5 standard deviations of a binomial of 300
            share = np.mean(p_values <= level)
            assert abs(share - level) < 3.5 * np.sqrt(level * (1 - level) / 300) + 0.02


def test_the_interval_covers_the_difference() -> None:
    rng = np.random.default_rng(4)
    covered = 0
    for _ in range(200):
        one, other = mean_of_segments(rng.normal(size=60)), mean_of_segments(rng.normal(0.4, 1.0, size=60))
        _, low, high = paired_bootstrap(mean_value, [one], [other], resamples=300)
        covered += low <= 0.4 <= high
    assert 0.89 <= covered / 200 <= 0.99


def test_a_clear_difference_is_found_and_has_its_sign() -> None:
    result = paired_test(mean_value, [flags("1" * 40)], [flags("0" * 36 + "1111")], trials=999)
    assert result.difference == -90.0
    assert (result.p_value, result.p_bootstrap < 0.01) == (0.001, True)
    assert result.low < -90.0 < result.high < 0.0


def test_several_test_sets_are_compared_by_their_mean() -> None:
    one, other = [flags("1111"), flags("11111111")], [flags("1100"), flags("11111111")]
    assert paired_test(mean_value, one, other, trials=99).difference == -25.0  # (-50 + 0) / 2


def test_lines_of_the_same_number_are_drawn_together() -> None:
    """The same test set twice is no more evidence than once: neither p nor interval may shrink."""
    rng = np.random.default_rng(5)
    one, other = mean_of_segments(rng.normal(size=50)), mean_of_segments(rng.normal(0.3, 1.0, size=50))
    once = paired_test(mean_value, [one], [other], trials=500)
    assert paired_test(mean_value, [one] * 3, [other] * 3, trials=500).p_value == once.p_value
    assert paired_test(mean_value, [one] * 3, [other] * 3, trials=500).low == pytest.approx(once.low)


def test_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    one, other = [flags("110101101011")], [flags("010001001010")]
    results = [paired_test(mean_value, one, other, trials=99, seed=seed) for seed in (1, 1, 2)]
    assert results[0] == results[1] != results[2]


def test_segments_that_do_not_pair_are_an_error() -> None:
    with pytest.raises(UserError, match=r"baseline has 3 \+ 2 segments and the system 3 \+ 1"):
        paired_test(mean_value, [flags("111"), flags("11")], [flags("111"), flags("1")])
    with pytest.raises(UserError, match="no segments"):
        paired_test(mean_value, [], [])


def test_holm_by_hand() -> None:
    """Holm's own steps: 0.005 x 4, 0.01 x 3, 0.03 x 2, and 0.04 x 1 is lifted to the one before."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_lies_between_each_p_and_bonferroni_and_keeps_the_order(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    for p, q in zip(p_values, adjusted, strict=True):
        assert p <= q <= min(1.0, p * len(p_values))
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    assert [adjusted[i] for i in order] == sorted(adjusted)
