from collections.abc import Iterator, Sequence

import pytest

from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.scoring import scorecard
from ontarget.scoring.language_id.identifier import Guess, default_identifier
from ontarget.scoring.metrics import against_references
from ontarget.scoring.metrics.bleu import bleu
from ontarget.scoring.off_target import breakdown, off_target_ratio, strict_off_target_ratio
from ontarget.scoring.reading.hypotheses import Hypotheses, HypothesisLine
from ontarget.scoring.scorecard import Scorer

SOURCES = ["Die Katze schläft auf dem Sofa.", "Wir fahren morgen ans Meer.", "Das Brot ist noch warm."]
REFERENCES = ["Le chat dort sur le canapé.", "Nous allons à la mer demain.", "Le pain est encore chaud."]
TEXTS = ["Le chat dort sur le sofa.", "We are going to the sea tomorrow.", "Das Brot ist noch warm."]
DIRECTION = Direction.parse("de-fr")


def answers(
    lines: list[HypothesisLine] | Iterator[HypothesisLine], source: str | None = "de", target: str = "fr"
) -> Hypotheses:
    return Hypotheses("mt", Language(target), Language(source) if source else None, lines, "mt")


def lines(texts: list[str], references: bool = True) -> list[HypothesisLine]:
    return [
        HypothesisLine(text, source, (reference,) if references else (), None)
        for text, source, reference in zip(texts, SOURCES, REFERENCES, strict=True)
    ]


def test_the_scores_are_those_of_the_functions() -> None:
    card = Scorer([default_identifier()], ["bleu"]).card(answers(lines(TEXTS)))
    assert list(card.scores) == ["bleu", "bleu_on_target", "otr", "otr_unsure", "otr_floor"]
    assert card.scores["bleu"] == bleu(TEXTS, REFERENCES, Language("fr"))
    assert card.scores["otr"] == off_target_ratio(TEXTS, "fr")
    assert card.scores["otr_floor"] == off_target_ratio(REFERENCES, "fr")
    assert card.breakdown == breakdown(TEXTS, SOURCES, DIRECTION)
    assert list(card.off) == [False, True, True]


def test_scores_do_not_depend_on_how_many_lines_are_read_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    hypotheses, references = [*TEXTS, "", "Un chat noir."] * 3, [*REFERENCES, "Rien.", "Un chat."] * 3
    many = [
        HypothesisLine(text, None, (reference,))
        for text, reference in zip(hypotheses, references, strict=True)
    ]
    metrics = ["bleu", "chrf++", "ter"]
    for intervals, segments in ((False, False), (True, False), (False, True)):
        scorer = Scorer([default_identifier()], metrics, intervals=intervals, segments=segments)
        whole = scorer.card(answers(many))
        with monkeypatch.context() as patched:
            patched.setattr(scorecard, "_CHUNK", 7)
            patched.setattr(against_references, "_LINES", 2)
            cut = scorer.card(answers(many))
        assert cut.scores == whole.scores
        assert list(cut.off) == list(whole.off)
        for name, evidence in whole.evidence.items():
            assert (cut.evidence[name].statistics == evidence.statistics).all()
    assert whole.scores["bleu"] == bleu(hypotheses, references, Language("fr"))


def test_lines_with_references_are_not_kept_either() -> None:
    assert Scorer([default_identifier()]).card(answers(lines(TEXTS))).lines == []


def test_the_floor_of_references_that_are_known_is_not_computed_again() -> None:
    class Counting:
        signature, labels = default_identifier().signature, default_identifier().labels
        asked = 0

        def identify(self, texts: Sequence[str]) -> list[Guess]:
            self.asked += len(texts)
            return default_identifier().identify(texts)

    identifier = Counting()
    scorer = Scorer([identifier], ["bleu"])
    first, second = (scorer.card(answers(lines(TEXTS))) for _ in range(2))
    assert identifier.asked == 3 * len(TEXTS)  # hypotheses of both, and references once
    assert first.scores["otr_floor"] == second.scores["otr_floor"]


def test_on_target_is_by_the_strict_ratio_where_that_is_asked_for() -> None:
    """A copy of a name is French by identification, but no translation."""
    texts, sources = ["Paris, la ville lumière"] * 3, ["Paris, la ville lumière"] * 3
    copied = [HypothesisLine(text, source, (text,)) for text, source in zip(texts, sources, strict=True)]
    paper = Scorer([default_identifier()], ["bleu"]).card(answers(copied))
    strict = Scorer([default_identifier()], ["bleu"], strict=True).card(answers(copied))
    assert paper.scores["bleu_on_target"].value == pytest.approx(100.0)
    assert strict.scores["bleu_on_target"].value == 0.0
    assert strict.scores["otr_strict"] == strict_off_target_ratio(texts, "fr", sources=sources)
    assert "|off:otr_strict|" in strict.scores["bleu_on_target"].signature


def test_without_references_lines_are_read_once_and_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scorecard, "_CHUNK", 100)
    alive = 0

    def stream() -> Iterator[HypothesisLine]:
        nonlocal alive
        for number in range(1050):
            alive = number
            yield HypothesisLine(TEXTS[number % 3], SOURCES[number % 3])

    card = Scorer([default_identifier()]).card(answers(stream()))
    assert alive == 1049
    assert (card.scores["otr"].n, list(card.off), list(card.lines)) == (1050, [], [])
    assert card.scores["otr"].value == pytest.approx(200 / 3)
    assert sum(card.breakdown.values()) == 1050


def test_evidence_makes_the_scores_again() -> None:
    card = Scorer([default_identifier()], ["bleu", "ter"], strict=True, segments=True).card(
        answers(lines(TEXTS))
    )
    assert list(card.evidence) == ["bleu", "bleu_on_target", "ter", "ter_on_target", "otr_strict"]
    for name, (value, statistics) in card.evidence.items():
        assert value(statistics.sum(0)) == pytest.approx(card.scores[name].value)
        assert len(statistics) == 3


def test_language_confusion_needs_no_reference() -> None:
    card = Scorer([default_identifier()], ["lpr", "wpr"]).card(answers(lines(TEXTS, references=False)))
    assert card.scores["lpr"].value == pytest.approx(100 / 3)
    assert "wpr" not in card.scores  # of a language in Latin script there is none


def test_close_relatives_are_reported_where_there_are_any() -> None:
    spanish = [
        HypothesisLine("El gato duerme en el sofá."),
        HypothesisLine("Il gatto dorme sul divano di casa."),
    ]
    scores = Scorer([default_identifier()]).card(answers(iter(spanish), None, "es")).scores
    assert (scores["otr"].value, scores["otr_close"].value) == (50.0, 50.0)


def test_intervals_on_demand() -> None:
    card = Scorer([default_identifier()], ["chrf"], intervals=True).card(answers(lines(TEXTS)))
    for score in card.scores.values():
        assert score.interval is not None
        assert score.interval.low <= score.value <= score.interval.high


def test_a_misspelt_metric_has_a_neighbour() -> None:
    with pytest.raises(UserError, match="there is no metric 'blue'; did you mean 'bleu'"):
        Scorer([default_identifier()], ["blue"])
    with pytest.raises(UserError, match="no metric 'xyzzy'; choose from bleu, chrf"):
        Scorer([default_identifier()], ["xyzzy"])


def test_no_lines_are_an_error() -> None:
    with pytest.raises(UserError, match="no hypotheses"):
        Scorer([default_identifier()]).card(answers([]))
