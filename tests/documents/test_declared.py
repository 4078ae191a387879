from pathlib import Path

import pytest

from ontarget.documents.declared import require_source, require_target
from ontarget.errors import UserError
from ontarget.languages import Language


@pytest.mark.parametrize(
    ("named", "language"),
    [("de-DE", "de"), ("de", "de-AT"), ("no", "nb"), ("zh_CN", "zh-Hant"), ("eng", "en"), ("de-XX9", "de")],
)
def test_regions_scripts_and_other_codes_are_the_same_language(named: str, language: str) -> None:
    require_source(named, Language(language), Path("a"), "lang")
    require_target(named, Language(language), Path("a"), "lang")


@pytest.mark.parametrize(
    ("named", "shown"), [("fr", "French (fr)"), ("inglese", "inglese"), ("??", "??"), ("pt-BR", "pt-BR)")]
)
def test_another_language_is_an_error_for_any_user(named: str, shown: str) -> None:
    """The same sentence is for users of the command, of Python, and of the server."""
    with pytest.raises(UserError) as error:
        require_source(named, Language("de"), Path("a"), "lang")
    assert f"{shown} by its lang, but German (de) was given as the source; give {named}, or " in str(
        error.value
    )
    assert "--" not in str(error.value)
    with pytest.raises(UserError) as error:
        require_target(named, Language("de"), Path("a"), "lang")
    assert f"{shown} by its lang, but German (de) was asked for; ask for {named}, or " in str(error.value)
    assert "--" not in str(error.value)
