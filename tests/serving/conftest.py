"""A server that keeps glossaries, for the tests of both of DeepL's versions."""

from collections.abc import Iterator

import pytest
from tests.checked.fake import GERMAN
from tests.serving.fake import Table, served, service_of

from ontarget.languages import Language
from ontarget.serving.api_keys import ApiKeys

KEY, OTHER = "correct-horse", "battery-staple"
DOG, HOUND = "The dog sleeps on the sofa today.", "The hound sleeps on the sofa today."


@pytest.fixture(scope="module")
def glossary_url() -> Iterator[str]:
    """A server for two clients, with two translations of a German sentence."""
    languages = [Language(code) for code in ("de", "en", "fr")]
    table = Table({GERMAN: [DOG, HOUND]})
    with served(service_of(table, keys=ApiKeys([KEY, OTHER]), languages=languages)) as url:
        yield url
