import sys

import pytest

from ontarget.errors import UserError
from ontarget.languages import Language
from ontarget.scoring.language_id.identifier import Guess, Identifier
from ontarget.scoring.off_target import off_target_ratio


def test_a_missing_lingua_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    from ontarget.scoring.language_id.lingua import Lingua

    monkeypatch.setitem(sys.modules, "lingua", None)
    with pytest.raises(UserError, match=r"pip install 'ontarget\[lingua\]'"):
        Lingua()


@pytest.fixture(scope="module")
def identifier() -> Identifier:
    pytest.importorskip("lingua", reason="the extra lingua is not installed")
    from ontarget.scoring.language_id.lingua import Lingua

    return Lingua([Language("en"), Language("de"), Language("nb"), Language("fr")])


def test_names_the_languages_of_plain_sentences(identifier: Identifier) -> None:
    texts = [
        "The baker opens her shop before the sun rises.",
        "Die Bäckerin öffnet ihren Laden noch vor Sonnenaufgang.",
        "Bakeren åpner butikken sin før soloppgang, som hun alltid gjør.",
    ]
    assert [guess.label for guess in identifier.identify(texts)] == ["en", "de", "nb"]
    assert all(0.5 < guess.probability <= 1 for guess in identifier.identify(texts))


def test_says_nothing_of_nothing(identifier: Identifier) -> None:
    assert identifier.identify(["", "  ", "123", "\ud800"]) == [
        Guess("", 0.0),
        Guess("", 0.0),
        Guess("und", 0.0),
        Guess("und", 0.0),
    ]


def test_is_named_with_its_version_and_languages(identifier: Identifier) -> None:
    score = off_target_ratio(["Das ist ein schönes Haus."], "de", identifier)
    assert score.value == 0.0
    assert score.signature.startswith("lid:lingua-")
    assert "/de+en+fr+nb|" in score.signature


def test_a_language_that_it_does_not_know_is_an_error(identifier: Identifier) -> None:
    with pytest.raises(UserError, match=r"lingua-.* cannot recognise Breton"):
        type(identifier)([Language("br")])
