import pytest

from ontarget.languages import Language
from ontarget.scoring.floor import Floor, Known
from ontarget.scoring.interval import wilson
from ontarget.scoring.language_id.identifier import default_identifier
from ontarget.scoring.off_target import off_target_ratio

FRENCH = ["Le chat dort sur le canapé.", "Nous allons à la mer demain.", "Le pain est encore chaud."]
MIXED = ["Le chat dort sur le canapé.", "We are going to the sea tomorrow.", "Das Brot ist noch sehr warm."]


def floor(*references: list[str], known: Known | None = None) -> Floor:
    found = Floor(Language("fr"), default_identifier(), "robust", {} if known is None else known)
    found.add(references)
    return found


def test_of_one_reference_it_is_its_off_target_ratio() -> None:
    assert floor(MIXED).score == off_target_ratio(MIXED, "fr")


def test_of_several_it_is_the_mean_and_says_each() -> None:
    score = floor(FRENCH, MIXED).score
    assert score.value == pytest.approx(100 / 3)
    assert (score.n, score.verbose) == (3, "0.00/66.67 (each reference)")
    assert score.signature == f"nrefs:2|{off_target_ratio(FRENCH, 'fr').signature}"
    assert score.interval == wilson(1, 3)
    assert floor(MIXED, FRENCH).score.value == score.value


def test_it_does_not_depend_on_chunks_and_counts_what_is_known_again() -> None:
    known: Known = {}
    by_chunks = floor(FRENCH, MIXED, known=known)
    by_chunks.add([MIXED, MIXED])
    assert by_chunks.score == floor(FRENCH + MIXED, MIXED + MIXED).score
    assert len(known) == 2


def test_unsure_lines_widen_the_interval_of_several_references_as_of_one() -> None:
    unsure = ["Ja"] * 10
    one, two = floor(unsure).score, floor(unsure, unsure).score
    assert (one.value, one.interval) == (two.value, two.interval)
    assert one.interval is not None
    assert one.interval.high > 50  # nobody knows in which language they are
