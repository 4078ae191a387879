import pytest

from ontarget.languages import Language
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
        ("xx", "unknown language 'xx'"),
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
    offered = OfferedLanguages([], default_identifier())
    source, target = source_and_target(given, offered)
    offered.named(target)  # which says what is wrong with one alone
    return source, target


@pytest.mark.parametrize("given", ["xx", "it-xx", "xx-it"])
def test_only_offered_languages_are_suggested(given: str) -> None:
    offered = OfferedLanguages([Language("it"), Language("nl")], default_identifier())
    with pytest.raises(Failure) as failure:
        offered.named(source_and_target(given, offered)[1])
    assert failure.value.message == "unknown language 'xx'; offered are nl, it"


def test_of_many_offered_languages_the_nearest_are_suggested() -> None:
    offered = OfferedLanguages([], default_identifier())
    assert "xh" not in offered.identifier.labels
    for given, said in (("xx", "unknown language 'xx'"), ("Germn", "'Germn'; did you mean de (German)")):
        with pytest.raises(Failure) as failure:
            offered.named(given)
        assert said in failure.value.message
        assert "xh" not in failure.value.message
