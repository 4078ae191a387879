"""Words left in the source's language, or in another one than was asked for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontarget.errors import UserError
from ontarget.languages import Language
from ontarget.scoring.leftover import LeftoverWords
from ontarget.scoring.lexicon import Lexicon, WordCounts

SOURCE = "Eine Gruppe von Männern lädt Baumwolle auf einen Lastwagen."
REFERENCE = "Un groupe d'hommes charge du coton dans un camion."
SLIP = "Un groupe de männern tient des bâtons de Baumwolle."


def left(
    text: str,
    target: str,
    source: tuple[str, str] | None = None,
    references: list[str] | None = None,
    lexicon: Lexicon | None = None,
) -> list[str]:
    """The words of one hypothesis that are left over."""
    language = Language(source[0]) if source else None
    words = LeftoverWords(Language(target), language, lexicon)
    (found,) = words.add([text], [source[1]] if source else None, [references] if references else None)
    return [text[start:end] for start, end in found.places]


def test_words_that_were_copied_from_the_source() -> None:
    assert left(SLIP, "fr", ("de", SOURCE), [REFERENCE]) == ["männern", "Baumwolle"]


def test_a_german_noun_may_be_a_name_unless_a_reference_or_text_shows_that_it_is_not() -> None:
    source = ("de", "Wir sprachen mit Schäuble über die Männer, und danach schliefen wir.")
    text = "Nous parlions avec Schäuble de Männer, puis nous schliefen."
    assert left(text, "fr", source) == ["schliefen"]
    assert left(text.replace("Männer", "männer"), "fr", source) == ["männer", "schliefen"]
    assert left(text, "fr", source, ["Nous parlions des hommes avec Schäuble."]) == ["Männer", "schliefen"]
    french = WordCounts(["Monsieur Schäuble et Schäuble parlent des hommes"])
    lexicon = Lexicon(Language("fr"), {Language("fr"): french})
    assert left(text, "fr", source, lexicon=lexicon) == ["Männer", "schliefen"]


def test_without_a_reference_the_identifier_has_to_be_sure() -> None:
    source, text = ("de", "die gute baumwolle"), "le bon baumwolle"  # lid.176.ftz does not know the word
    assert left(text, "fr", source) == []
    assert left(text, "fr", source, ["le bon coton"]) == ["baumwolle"]


def test_a_capital_in_a_language_without_capital_nouns_is_a_name() -> None:
    source = ("cs", "Potkali jsme Dvořáčka a šli domů přes náměstí.")
    text = "We met Dvořáčka and went domů across the náměstí."
    assert left(text, "en", source, ["We met Mr Brown and went home across the square."]) == [
        "domů",
        "náměstí",
    ]


@pytest.mark.parametrize("reference", ["les männern", "la Baumwollspinnerei et les männer"])
def test_a_word_of_a_reference_or_one_that_begins_alike_is_right(reference: str) -> None:
    assert left("les männern", "fr", ("de", "mit den männern"), [reference]) == []


def test_a_short_word_is_like_itself_alone() -> None:
    text = "A man in a white shirt is holding a child in his hands."
    found = left(text, "fr", references=["Un homme à la chemise blanche tient un enfant."])
    assert len(found) == 13


def test_english_words_are_borrowed_unless_a_reference_shows_that_they_are_not() -> None:
    source = ("en", "The children were playing outside while everything was burning.")
    text = "Les enfants jouaient outside pendant que everything brûlait."
    assert left(text, "fr", source) == []
    assert left(text, "fr", source, ["Les enfants jouaient dehors pendant que tout brûlait."]) == [
        "outside",
        "everything",
    ]


def test_short_words_and_cognates_are_not_judged_alone() -> None:
    assert left("le mit und restaurant", "fr", ("de", "mit und im restaurant"), ["ce restaurant"]) == []


def test_words_of_another_script() -> None:
    assert left("Он сказал weather и ушёл, BBC и Google", "ru") == ["weather"]
    assert left("Il a dit 天气 et слово, π et α", "fr") == ["天气", "слово"]
    assert left("今日はとてもいいweatherですね", "ja") == ["weather"]
    assert left("今天的天气ですね很好", "zh") == []  # kana and characters in one run: no word boundary


def test_a_stretch_in_another_language() -> None:
    text = "Un homme avec un chapeau orange is standing in front of the house and looking at something."
    found = left(text, "fr")
    assert found[-8:] == ["front", "of", "the", "house", "and", "looking", "at", "something"]
    assert not set(found) & {"Un", "homme", "avec", "un", "chapeau"}
    assert left("Un homme avec un chapeau orange regarde quelque chose devant la maison.", "fr") == []


def test_a_close_relative_is_the_identifiers_error() -> None:
    danish = "Der er ingen grund til at tro, at det bliver bedre i morgen, sagde han."
    assert left(danish, "nb") == []
    german = "Es gibt keinen Grund zu glauben, dass es morgen besser wird, sagte er."
    assert len(left(german, "nb")) == 13


def test_words_by_monolingual_text() -> None:
    fr, de = Language("fr"), Language("de")
    counts = {
        fr: WordCounts(["le chat dort dans la maison"] * 50),
        de: WordCounts(["die katze schläft gern"] * 50),
    }
    lexicon = Lexicon(fr, counts)
    assert left("le chat schläft", "fr", lexicon=lexicon) == ["schläft"]
    assert left("le chat Schläft", "fr", lexicon=lexicon) == []  # may be a name


def test_the_share_and_its_settings() -> None:
    words = LeftoverWords(Language("fr"), Language("de"))
    words.add([SLIP, REFERENCE], [SOURCE, SOURCE], [[REFERENCE], [REFERENCE]])
    words.add(["", "12 %"], ["Ja.", "Nein."], [["Oui."], ["Non."]])
    assert (words.n, words.words, words.left, words.lines) == (4, 19, 2, 1)
    assert words.score.value == pytest.approx(100 * 2 / 19)
    assert words.score.signature == (
        "lid:lid.176.ftz/de+fr|letters:4|sure:0.5|run:5x0.6x4|src:yes|ref:yes|text:no|words:19|n:4|version:2"
    )


def test_chinese_characters_count_in_twos() -> None:
    words = LeftoverWords(Language("fr"))
    words.add(["Il a dit 今天天气 hier"])
    assert (words.words, words.left) == (6, 2)


def test_of_no_words_there_is_no_share() -> None:
    words = LeftoverWords(Language("fr"))
    words.add(["", "123"])
    with pytest.raises(UserError, match="no words to score"):
        _ = words.score


def test_lines_that_are_not_aligned() -> None:
    with pytest.raises(UserError, match="1 hypothesis but 2 sources; they must be aligned line by line"):
        LeftoverWords(Language("fr"), Language("de")).add(["a"], ["a", "b"])
    with pytest.raises(UserError, match="1 hypothesis but 0 references"):
        LeftoverWords(Language("fr")).add(["a"], references=[])


@given(st.lists(st.tuples(st.text(max_size=60), st.text(max_size=60)), min_size=1, max_size=6))
def test_a_line_depends_on_no_other(pairs: list[tuple[str, str]]) -> None:
    texts, sources = [text for text, _ in pairs], [source for _, source in pairs]
    together = LeftoverWords(Language("fr"), Language("de")).add(texts, sources)
    alone = LeftoverWords(Language("fr"), Language("de"))
    assert together == [alone.add([text], [source])[0] for text, source in pairs]


def test_latin_words_are_foreign_where_the_language_is_not_written_in_them() -> None:
    for target, left in (("ru", 1), ("el", 1), ("de", 0), ("sr-Latn", 0)):
        (found,) = LeftoverWords(Language(target)).add(["weather"])
        assert found.left == left


@given(st.text(max_size=80))
def test_places_are_words_in_order(text: str) -> None:
    (found,) = LeftoverWords(Language("ru")).add([text])
    assert found.left <= found.words
    assert list(found.places) == sorted(found.places)
    for start, end in found.places:
        assert text[start:end].strip() == text[start:end] != ""
