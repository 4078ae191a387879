from ontarget.reporting.run_files import ScoreRow, Scores
from ontarget.reporting.seeds import Spread, over_seeds


def _scores(value: float, low: float | None = None, high: float | None = None) -> Scores:
    return Scores((ScoreRow("mt", "avg", "zero-shot", "otr", value, 10, "x", low, high),))


def test_points_that_differ_in_seed_alone_are_one() -> None:
    found = over_seeds(
        [
            ({"k": 1, "seed": 1}, _scores(2.0)),
            ({"k": 2, "seed": 1}, _scores(5.0, 4.0, 7.0)),
            ({"k": 1, "seed": 2}, _scores(4.0)),
        ]
    )
    assert [(point.values, len(point.scores)) for point in found] == [({"k": 1}, 2), ({"k": 2}, 1)]
    assert found[0].spread("mt", "otr", "zero-shot") == Spread(3.0, 2**0.5, 2)
    assert found[1].spread("mt", "otr", "zero-shot") == Spread(5.0, None, 1, 4.0, 7.0)
    assert found[0].spread("mt", "bleu", "zero-shot") is None
    assert found[0].kinds == ("zero-shot",)


def test_an_error_bar_spans_a_deviation_or_a_single_seeds_interval() -> None:
    assert Spread(3.0, 1.0, 2).ends == (2.0, 4.0)
    assert Spread(5.0, None, 1, 4.0, 7.0).ends == (4.0, 7.0)
    assert Spread(5.0, None, 1).ends is None
