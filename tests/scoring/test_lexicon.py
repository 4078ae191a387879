"""Words of a language by how often they occur in text of several."""

from ontarget.languages import Language
from ontarget.scoring.lexicon import OFTEN, TIMES, Lexicon, WordCounts

FR, DE = Language("fr"), Language("de")


def test_a_word_that_is_far_more_frequent_in_the_other_language_is_foreign() -> None:
    french = WordCounts(["le chat et la souris"] * 100)
    german = WordCounts(["der hund und die maus"] * 100)
    lexicon = Lexicon(FR, {FR: french, DE: german})
    assert lexicon.foreign("hund")
    assert not lexicon.knows("hund")
    assert lexicon.knows("souris")
    assert not lexicon.foreign("souris")
    assert not lexicon.foreign("baleine")
    assert not lexicon.knows("baleine")


def test_the_thresholds_are_met_exactly() -> None:
    def foreign(of_german: int, of_french: int) -> bool:
        french = ["chat"] * (1000 - of_french) + ["wort"] * of_french
        german = ["hund"] * (1000 - of_german) + ["wort"] * of_german
        return Lexicon(FR, {FR: WordCounts(french), DE: WordCounts(german)}).foreign("wort")

    assert foreign(TIMES, 0)
    assert not foreign(TIMES - 1, 0)
    assert foreign(2 * TIMES, 1)
    assert not foreign(2 * TIMES - 1, 1)
    rare = Lexicon(FR, {FR: WordCounts(["chat"] * 10_000), DE: WordCounts(["wort"] * (OFTEN - 1))})
    assert not rare.foreign("wort")


def test_names_are_of_no_language() -> None:
    counts = {FR: WordCounts(["le chat dort"] * 100), DE: WordCounts(["Herr Merkel schläft"] * 100)}
    assert not Lexicon(FR, counts).foreign("merkel")
    assert Lexicon(FR, counts).foreign("schläft")


def test_one_occurrence_may_be_a_quotation() -> None:
    assert not Lexicon(FR, {FR: WordCounts(["on dit schadenfreude"])}).knows("schadenfreude")
    assert Lexicon(FR, {FR: WordCounts(["le mot juste", "le mot"])}).knows("mot")


def test_the_signature_has_the_sizes_and_thresholds() -> None:
    counts = {FR: WordCounts(["un deux trois"]), DE: WordCounts(["eins zwei"])}
    assert Lexicon(FR, counts).signature == "de.2+fr.3/20x5"
