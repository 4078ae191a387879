import pytest

from ontarget.scoring.language_id.identifier import default_identifier
from ontarget.serving.failure import Failure
from ontarget.serving.model_languages import source_and_target
from ontarget.serving.offered import OfferedLanguages


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("de-fr", ("de", "fr")),
        ("DE-FR", ("de", "fr")),
        ("German-French", ("de", "fr")),
        ("zh-Hant-en", ("zh-Hant", "en")),
        ("fr", ("auto", "fr")),
        ("zh-Hant", ("auto", "zh-Hant")),
        ("pt-BR", ("auto", "pt-BR")),  # Brazilian Portuguese
        ("pt-br", ("pt", "br")),  # into Breton
        ("xx", "unknown language 'xx'; did you mean 'xh'?"),
        ("it-zz", "unknown language 'zz'; did you mean"),
        ("zz-it", "unknown language 'zz'; did you mean"),
        ("zh-Hant-zz", "unknown language 'zz'; did you mean"),
        ("it-nl-en", "'it-nl-en' has more than two languages; name the languages in the model"),
        ("it-", "a language is missing in 'it-'; name"),
        ("-it", "a language is missing in '-it'; name"),
        ("xx-yy", "unknown language 'xx-yy'"),
    ],
)
def test_languages_at_the_end_of_a_name(given: str, found: object) -> None:
    if isinstance(found, str):
        with pytest.raises(Failure) as failure:
            _named(given)
        assert failure.value.status == 400
        assert failure.value.message.startswith(found)
    else:
        assert _named(given) == found


def _named(given: str) -> tuple[str, str]:
    source, target = source_and_target(given)
    OfferedLanguages([], default_identifier()).named(target)  # which says what is wrong with one alone
    return source, target
