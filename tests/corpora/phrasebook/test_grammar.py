"""Golden phrases: agreement, articles and contractions of each language, by hand."""

import pytest

from ontarget.corpora.phrasebook.patterns import GRAMMARS, phrase
from ontarget.corpora.phrasebook.words import LANGUAGES, Word
from ontarget.errors import UserError


def say(lexicon, language, text, *, plural=()):
    """`what the how` with lemmas in place of slots: `house the old`."""
    head, *rest = text.split()
    words = [Word(lexicon[word], word in plural) for word in rest if word in lexicon]
    features = tuple(word for word in rest if word not in lexicon)
    return phrase(language, Word(lexicon[head], head in plural), features, words)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("apple a", "an apple"),
        ("umbrella a old", "an old umbrella"),
        ("apple a red", "a red apple"),
        ("sister possessive", "my sister's"),
        ("parents possessive", "my parents'"),
        ("seamstress possessive", "the seamstress's"),
        ("bag own sister", "her bag"),
        ("bag own parents", "their bag"),
        ("skirt this", "this skirt"),
        ("be present I", "am"),
        ("have present parents", "have"),
        ("buy past", "bought"),
    ],
)
def test_english(lexicon, text, expected):
    assert say(lexicon, "en", text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("book the", "il libro"),
        ("mirror the", "lo specchio"),
        ("backpack a", "uno zaino"),
        ("umbrella the", "l'ombrello"),
        ("duck a", "un'anatra"),
        ("umbrella a", "un ombrello"),
        ("backpack di the", "dello zaino"),
        ("salad some", "dell'insalata"),
        ("water di bare", "d'acqua"),
        ("hospital ad the", "all'ospedale"),
        ("church da the", "dalla chiesa"),
        ("station in the", "nella stazione"),
        ("guests the", "gli ospiti"),
        ("sister my", "mia sorella"),
        ("parents my", "i miei genitori"),
        ("neighbour ad", "al mio vicino"),
        ("sister di", "di mia sorella"),
        ("umbrella own parents", "il loro ombrello"),
        ("bag own father red", "la sua borsa rossa"),
        ("skirt this", "questa gonna"),
        ("go perfect aunt", "è andata"),
        ("go perfect parents", "sono andati"),
        ("buy perfect parents", "hanno comprato"),
        ("go future we", "andremo"),
        ("furnish ad", "ad arredare"),
        ("clean-up ad", "a pulire"),
        ("tired parents", "stanchi"),
    ],
)
def test_italian(lexicon, text, expected):
    assert say(lexicon, "it", text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("house the old", "het oude huis"),
        ("house a old", "een oud huis"),
        ("car a old", "een oude auto"),
        ("house own uncle old", "zijn oude huis"),
        ("house own we", "ons huis"),
        ("car own we", "onze auto"),
        ("house this", "dit huis"),
        ("meat some fresh", "vers vlees"),
        ("cheese some fresh", "verse kaas"),
        ("tidy te", "op te ruimen"),
        ("buy te", "te kopen"),
        ("tidy final aunt", "opruimt"),
        ("tidy final parents", "opruimen"),
        ("tidy present aunt", "ruimt"),
        ("tidy present parents", "ruimen"),
        ("tidy particle", "op"),
        ("buy particle", ""),
        ("go auxiliary parents", "zijn"),
        ("buy auxiliary I", "heb"),
        ("tired aunt", "moe"),
    ],
)
def test_dutch(lexicon, text, expected):
    assert say(lexicon, "nl", text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("house the", "casa"),
        ("house a old", "o casă veche"),
        ("house the old", "casa veche"),
        ("house after", "casă"),
        ("house after old", "casa veche"),
        ("house in a old", "într-o casă veche"),
        ("castle in a", "într-un castel"),
        ("brother my", "fratele meu"),
        ("sister of", "surorii mele"),
        ("parents of", "părinților mei"),
        ("doctor of", "medicului"),
        ("sister of cat", "a surorii mele"),
        ("doctor of dog", "al medicului"),
        ("bag own father red", "geanta lui roșie"),
        ("bag own we", "geanta noastră"),
        ("skirt this", "această fustă"),
        ("bread some fresh", "niște pâine proaspătă"),
        ("buy perfect parents", "au cumpărat"),
        ("lose perfect-reflexive parents", "și-au pierdut"),
        ("lose perfect-reflexive I", "mi-am pierdut"),
        ("give perfect-dative aunt", "i-a dăruit"),
        ("buy subjunctive aunt", "să cumpere"),
        ("buy subjunctive you", "să cumperi"),
        ("go future we", "vom merge"),
    ],
)
def test_romanian(lexicon, text, expected):
    assert say(lexicon, "ro", text) == expected


def test_romanian_neuter_is_feminine_in_the_plural(lexicon):
    assert say(lexicon, "ro", "castle the old") == "castelul vechi"
    assert say(lexicon, "ro", "castle the old", plural=["castle"]) == "castelele vechi"
    assert say(lexicon, "ro", "two castle", plural=["castle"]) == "două"
    assert say(lexicon, "ro", "two dog", plural=["dog"]) == "doi"


def test_a_word_has_the_number_it_can_have(lexicon):
    assert [say(lexicon, code, "bread the", plural=["bread"]) for code in LANGUAGES] == [
        "the bread",
        "il pane",
        "het brood",
        "pâinea",
    ]


@pytest.mark.parametrize("code", LANGUAGES)
def test_unknown_features_are_named(lexicon, code):
    with pytest.raises(UserError, match="'teh'"):
        say(lexicon, code, "house teh")
    with pytest.raises(UserError, match="'gone'"):
        say(lexicon, code, "go gone aunt")
    with pytest.raises(UserError, match="'plural' of 'bread' is missing"):
        lexicon["bread"].form(code, "plural")
    assert set(GRAMMARS) == set(LANGUAGES)
