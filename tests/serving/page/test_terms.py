import pytest

from ontarget.serving.failure import Failure
from ontarget.serving.page.terms import terms_of


def test_lines_are_terms_with_their_translations() -> None:
    text = 'Hund, chien\n\nKatze\tchat\n"Hund, alter","vieux chien"\r\n  Esel ,âne  '
    found = terms_of(text)
    assert found.of("Der Hund, die Katze und der Esel") == (
        ("Hund", "chien"),
        ("Katze", "chat"),
        ("Esel", "âne"),
    )
    assert found.of("Hund, alter") == (("Hund, alter", "vieux chien"),)
    assert terms_of(" \n\n").of("Hund") == ()


@pytest.mark.parametrize(
    "text", ["Hund", "Hund,chien\nKatze", "Hund,", ",chien", "a,b,c", "a\tb\tc", '"Hund,chien']
)
def test_another_line_is_refused_with_its_number(text: str) -> None:
    with pytest.raises(
        Failure, match=rf"line {len(text.splitlines())} of the glossary is not a term, a comma"
    ):
        terms_of(text)


def test_the_number_of_terms_is_limited() -> None:
    with pytest.raises(Failure, match="1001 terms; send at most 1000"):
        terms_of("\n".join(f"a{number},b" for number in range(1001)))
