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


@pytest.mark.parametrize("named", ["fr", "english", "??"])
def test_another_language_is_named_with_the_option(named: str) -> None:
    with pytest.raises(UserError, match=r"'a' is in .* \(lang\), but --from is de"):
        require_source(named, Language("de"), Path("a"), "lang")
    with pytest.raises(UserError, match=r"'a' is for translations into .* \(lang\), but --to is de"):
        require_target(named, Language("de"), Path("a"), "lang")
