import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from statistics import mean, stdev

import pytest

from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.scoring.comparison import Question, TestSet, compare
from ontarget.scoring.language_id.identifier import default_identifier
from ontarget.scoring.reading.hypotheses import Hypotheses, HypothesisLine
from ontarget.scoring.scorecard import Scorecard, Scorer
from ontarget.scoring.significance import holm, paired_test

FRENCH = ["Le chat dort sur le canapé.", "Nous allons à la mer demain.", "Le pain est encore chaud."] * 8
GERMAN = ["Die Katze schläft auf dem Sofa.", "Wir fahren morgen ans Meer.", "Das Brot ist noch warm."] * 8
ENGLISH = ["The cat sleeps on the sofa.", "We are going to the sea.", "The bread is still warm."] * 8
TEXT = {"fr": FRENCH, "de": GERMAN}
SCORER = Scorer([default_identifier()], ["bleu"], segments=True)


def card(direction: str, wrong: int, n: int = 24) -> Scorecard:
    """Perfect answers, but for the first `wrong` ones, which are English."""
    parsed = Direction.parse(direction)
    right, sources = TEXT[str(parsed.target)], TEXT[str(parsed.source)]
    texts = ENGLISH[:wrong] + right[wrong:n]
    lines = [HypothesisLine(*line) for line in zip(texts, sources, [(text,) for text in right], strict=False)]
    return SCORER.card(Hypotheses("x", parsed.target, parsed.source, lines, f"x/{direction}.jsonl"))


def system(wrong: Mapping[TestSet, int]) -> dict[TestSet, Scorecard]:
    return {key: card(key[1], errors) for key, errors in wrong.items()}


BOTH = ["de-fr", "fr-de"]
QUICK = {"trials": 200, "resamples": 200}


def test_every_score_of_every_system_is_held_against_the_baseline() -> None:
    cards = {
        "a": system({("", "de-fr"): 4, ("", "fr-de"): 6}),
        "mt": system({("", "de-fr"): 20, ("", "fr-de"): 18}),
        "b": system({("", "de-fr"): 19, ("", "fr-de"): 18}),
    }
    watched = []

    def watch(questions: Sequence[Question]) -> Iterator[Question]:
        for number, question in enumerate(questions):
            watched.append((number, len(questions), *question))
            yield question

    rows = compare(cards, "mt", {"both": BOTH, "fr-de": ["fr-de"]}, **QUICK, watch=watch)
    assert watched[:2] == [(0, 6, "both", "bleu"), (1, 6, "both", "bleu_on_target")]
    assert len(watched) == 6
    assert [(row.group, row.metric, row.system) for row in rows] == [
        (group, metric, name)
        for group in ("both", "fr-de")
        for metric in ("bleu", "bleu_on_target", "otr")
        for name in ("mt", "a", "b")
    ]
    of_otr = {row.system: row for row in rows if (row.group, row.metric) == ("both", "otr")}
    assert of_otr["mt"].value == pytest.approx(100 * 19 / 24)
    assert (of_otr["mt"].test, of_otr["mt"].p_holm, of_otr["mt"].n) == (None, None, 48)
    assert of_otr["a"].test is not None
    assert of_otr["a"].test.difference == pytest.approx(100 * (5 - 19) / 24)
    assert of_otr["a"].test == paired_test(
        cards["mt"]["", "de-fr"].evidence["otr"].value,
        [cards["mt"][key].evidence["otr"].statistics for key in cards["mt"]],
        [cards["a"][key].evidence["otr"].statistics for key in cards["a"]],
        **QUICK,
    )
    tested = [row for row in rows if row.metric == "otr" and row.test]  # of both groups
    assert [row.p_holm for row in tested] == holm([row.test.p_value for row in tested if row.test])
    assert of_otr["a"].deviation is None


def test_runs_are_seeds_with_mean_and_standard_deviation() -> None:
    def runs(*errors: int) -> dict[TestSet, Scorecard]:
        return system({(f"run{k}", d): wrong for k, wrong in enumerate(errors) for d in BOTH})

    rows = compare({"mt": runs(20, 16, 18), "ours": runs(2, 4, 0)}, "mt", {"both": BOTH}, **QUICK)
    [otr] = [row for row in rows if (row.metric, row.system) == ("otr", "ours")]
    shares = [100 * wrong / 24 for wrong in (2, 4, 0)]
    assert (otr.value, otr.deviation) == (pytest.approx(mean(shares)), pytest.approx(stdev(shares)))
    assert otr.test is not None
    assert otr.test.difference == pytest.approx(100 * (2 - 18) / 24)
    assert otr.n == 6 * 24


def test_the_baseline_must_be_there_and_not_alone() -> None:
    one = {"mt": system({("", "de-fr"): 1})}
    with pytest.raises(UserError, match="there is no system 'nt' to be the baseline; did you mean 'mt'"):
        compare(one, "nt", {"all": ["de-fr"]})
    with pytest.raises(UserError, match="nothing to compare 'mt' with"):
        compare(one, "mt", {"all": ["de-fr"]})


def test_systems_must_answer_the_same_segments() -> None:
    base = {("", "de-fr"): card("de-fr", 2)}
    groups = {"all": ["de-fr"]}
    with pytest.raises(UserError, match="'b' has hypotheses for fr-de but 'a' has none"):
        compare({"a": base, "b": base | {("", "fr-de"): card("fr-de", 2)}}, "a", groups)
    with pytest.raises(UserError, match=r"has 24 lines but .* has 20"):
        compare({"a": base, "b": {("", "de-fr"): card("de-fr", 2, n=20)}}, "a", groups)
    other = card("de-fr", 2)
    moved = [*other.lines[:5], other.lines[5]._replace(source="Etwas anderes."), *other.lines[6:]]
    other = dataclasses.replace(other, lines=moved)
    with pytest.raises(UserError, match="line 6: source or reference differs"):
        compare({"a": base, "b": {("", "de-fr"): other}}, "a", groups)


def test_only_scores_that_all_have_are_compared() -> None:
    """Where one file lacks references there is OTR alone."""
    bare = [line._replace(references=()) for line in card("de-fr", 2).lines]
    answers = [
        Hypotheses("x", Language("fr"), Language("de"), lines, "x.jsonl")
        for lines in (bare, bare[::-1][::-1])
    ]
    cards = {name: {("", "de-fr"): SCORER.card(a)} for name, a in zip("ab", answers, strict=True)}
    assert {row.metric for row in compare(cards, "a", {"all": ["de-fr"]}, **QUICK)} == {"otr"}
