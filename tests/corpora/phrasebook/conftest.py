import pytest

from ontarget.corpora import phrasebook
from ontarget.corpora.corpus import Corpus
from ontarget.corpora.phrasebook.patterns import Pattern, read_patterns
from ontarget.corpora.phrasebook.words import Lexeme, read_lexicon


@pytest.fixture(scope="session")
def corpus() -> Corpus:
    return phrasebook.load()


@pytest.fixture(scope="session")
def lexicon() -> dict[str, Lexeme]:
    return read_lexicon()


@pytest.fixture(scope="session")
def patterns(lexicon: dict[str, Lexeme]) -> list[Pattern]:
    return read_patterns(lexicon)
