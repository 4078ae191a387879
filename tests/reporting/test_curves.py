from tests.reporting.svg import texts

from ontarget.reporting.curves import evaluation_curve, training_curve
from ontarget.reporting.drawing import inline
from ontarget.reporting.logs import LogRecord


def test_training_curve_shows_the_loss_of_pairs() -> None:
    log = [LogRecord("lat", step, likelihood=1.0, preference=2.0 - step / 50) for step in range(0, 101, 2)]
    words = texts(inline(training_curve("lat", log)))
    assert {"likelihood", "preference"} <= set(words)
    assert "unlikelihood" not in words


def test_training_curve_shows_each_sign_and_the_probability() -> None:
    log = [LogRecord("lat", step, 1.0, 0.9, 2.0 - step / 50, 0.9 - step / 200) for step in range(0, 101, 2)]
    words = texts(inline(training_curve("lat", log)))
    assert {"likelihood", "unlikelihood", "p (wrong)", "step"} <= set(words)
    assert "loss" not in words


def test_training_curve_of_one_sign_has_no_empty_panel() -> None:
    log = [LogRecord("mt", step, 3.0) for step in range(5)]
    words = texts(inline(training_curve("mt", log)))
    assert "loss (nats)" in words
    assert not {"p (wrong)", "unlikelihood"} & set(words)


def test_a_long_log_stays_small_and_keeps_its_last_point() -> None:
    log = [LogRecord("mt", step, 3.0 + step % 2) for step in range(100_001)]
    svg = inline(training_curve("mt", log))
    assert len(svg) < 40_000
    assert "100000" in texts(svg)


def test_training_curve_of_a_stage_that_logged_no_loss_or_nan() -> None:
    assert inline(training_curve("mt", [LogRecord("mt", 0)])).startswith("<svg")
    assert inline(training_curve("mt", [LogRecord("mt", 0, float("nan")), LogRecord("mt", 1, 2.0)]))


def test_evaluation_curves_show_both_scores_of_both_kinds() -> None:
    log = [
        LogRecord("lat", step, likelihood=1.0)
        if step % 2
        else LogRecord("lat", step, zero_shot_otr=90.0 - step, zero_shot_bleu=2.0, supervised_otr=1.0)
        for step in range(9)
    ]
    drawing = evaluation_curve("lat", log)
    assert drawing is not None
    assert {"OTR (%)", "BLEU", "zero-shot", "supervised", "step"} <= set(texts(inline(drawing)))


def test_a_stage_that_was_not_judged_has_no_evaluation_curve() -> None:
    assert evaluation_curve("mt", [LogRecord("mt", 1, likelihood=2.0)]) is None
