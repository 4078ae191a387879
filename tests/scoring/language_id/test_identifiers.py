from pathlib import Path

import pytest

from ontarget.errors import UserError
from ontarget.languages import Language
from ontarget.scoring.language_id import identifier as language_id
from ontarget.scoring.language_id.identifier import default_identifier
from ontarget.scoring.language_id.identifiers import identifier_named


def test_the_default_is_loaded_once() -> None:
    assert identifier_named() is identifier_named("lid.176.ftz") is default_identifier()


def test_a_path_is_a_fasttext_model() -> None:
    assert identifier_named(str(language_id.bundled())).signature == "lid.176.ftz"


def test_a_set_of_languages_stands_in_the_signature() -> None:
    among = [Language("ru"), Language("en")]
    assert identifier_named(among=among).signature == "lid.176.ftz/en+ru"
    assert identifier_named(among=["ru", "eng_Latn"]).signature == "lid.176.ftz/en+ru"
    assert identifier_named("script", among).signature == "script/en+ru"


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no language identification model at .*glotlid"):
        identifier_named(str(tmp_path / "glotlid.bin"))
    with pytest.raises(UserError, match="needs the languages that may occur"):
        identifier_named("script")
    with pytest.raises(UserError, match=r"identifier_named\('script', \['en', 'ru', 'zh'\]\)"):
        identifier_named("script")
    with pytest.raises(
        UserError, match="there is no identifier or model file 'lingau'; did you mean 'lingua'"
    ):
        identifier_named("lingau")


@pytest.mark.parametrize("name", ["lid.176.bin", "models/lid.176.bin"])
def test_a_published_model_that_is_missing_comes_with_its_address(name: str) -> None:
    with pytest.raises(
        UserError,
        match=rf"no language identification model at {name}; check the path, or down.*"
        r" https://fasttext\.cc/docs/en/language-identification\.html, or omit it",
    ):
        identifier_named(name)
