"""What is said of words that a model seems to have left in another language."""

from ontarget.cli.doubtful_words import doubtful_words
from ontarget.languages import Direction

DE_FR = Direction.parse("de-fr")


def test_lines_with_such_words_are_counted_and_the_first_named() -> None:
    sources = ["Sie schliefen lange.", "Der Hund bellt.", "Wir müssen gehen."] * 2
    texts = ["Ils schliefen longtemps.", "Le chien aboie.", "Nous müssen partir."] * 2
    assert [*doubtful_words(sources, texts, DE_FR)] == [
        "4 of 6 lines may contain words that are not French "
        "(line 1: schliefen; line 3: müssen; line 4: schliefen)"
    ]


def test_nothing_is_said_where_there_are_none() -> None:
    assert [*doubtful_words(["Der Hund bellt.", ""], ["Le chien aboie.", ""], DE_FR)] == []
    assert [*doubtful_words([], [], DE_FR)] == []


def test_nothing_is_said_of_a_language_that_the_identifier_does_not_know() -> None:
    assert [*doubtful_words(["Der Hund"], ["der Hund"], Direction.parse("de-zu"))] == []
