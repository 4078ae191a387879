from pathlib import Path

import pytest

from ontarget.errors import UserError
from ontarget.languages import Language
from ontarget.scoring.language_id.identifier import default_identifier
from ontarget.scoring.metrics.neural import add_neural
from ontarget.scoring.reading.hypotheses import Hypotheses, HypothesisLine
from ontarget.scoring.scorecard import Scorecard, Scorer

SOURCES = ["Die Katze schläft heute auf dem Sofa.", "Das Brot ist noch warm."]
GOOD = ["Le chat dort sur le canapé aujourd'hui.", "Le pain est encore chaud."]
COPIES = ["Die Katze schläft heute auf dem Sofa.", "Le pain est encore chaud."]
MODEL = "Unbabel/wmt22-comet-da"


def card(texts: list[str], sources: list[str | None] | None = None) -> Scorecard:
    lines = [
        HypothesisLine(text, source, (reference,))
        for text, source, reference in zip(texts, sources or SOURCES, GOOD, strict=True)
    ]
    answers = Hypotheses("x", Language("fr"), Language("de"), lines, "x")
    return Scorer([default_identifier()], ["bleu"], segments=True).card(answers)


def test_a_copy_of_the_source_wins_by_comet_and_loses_on_target(comet_environment: Path) -> None:
    good, copies = card(GOOD), card(COPIES)
    add_neural([good, copies], MODEL, comet_environment)
    assert good.scores["comet"].value == pytest.approx((0.57 + 0.55) / 2)
    assert copies.scores["comet"].value == pytest.approx((0.95 + 0.55) / 2)
    assert good.scores["comet_on_target"].value == good.scores["comet"].value
    assert copies.scores["comet_on_target"].value == pytest.approx(0.55 / 2)
    assert copies.scores["comet"].signature == f"model:{MODEL}|version:2.2.6"
    assert copies.scores["comet_on_target"].signature.startswith(f"model:{MODEL}|version:2.2.6|off:otr|lid:")
    assert len((comet_environment / "calls").read_text(encoding="utf-8").splitlines()) == 1  # for all cards


def test_its_segments_are_evidence_for_a_paired_test(comet_environment: Path) -> None:
    copies = card(COPIES)
    add_neural([copies], MODEL, comet_environment, intervals=True)
    for name in ("comet", "comet_on_target"):
        value, statistics = copies.evidence[name]
        score = copies.scores[name]
        assert value(statistics.sum(0)) == score.value
        assert score.interval is not None
        assert score.interval.low <= score.value <= score.interval.high
        assert score.signature.startswith("bs:1000|seed:12345|model:")


def test_needs_the_sources(comet_environment: Path) -> None:
    with pytest.raises(UserError, match="needs the sources of the hypotheses: --source SRC"):
        add_neural([card(GOOD, [None, "Das Brot ist noch warm."])], MODEL, comet_environment)
