from babel.core import get_global
from hypothesis import given
from hypothesis import strategies as st

from ontarget.subtags import Subtags, english_names, looks_like_direction, scripts_of, usual_script


def test_parts_are_told_apart_by_what_cldr_knows() -> None:
    assert Subtags.parse("sr-latn-rs") == Subtags("sr", "Latn", "RS")
    assert Subtags.parse("de_DE_1996") == Subtags("de", None, "DE", ("1996",))
    assert Subtags.parse("prs") == Subtags("fa", None, "AF")
    assert Subtags.parse("en-Latn-x") is None
    assert Subtags.parse("en-US-Latn") is None  # not in the order of BCP 47


def test_the_script_that_is_usual_is_left_out_of_a_tag() -> None:
    for code, tag in (("zh-Hant-TW", "zh-TW"), ("zh-Hant", "zh-Hant"), ("sr-Latn-ME", "sr-ME")):
        subtags = Subtags.parse(code)
        assert subtags is not None
        assert subtags.tag() == tag
    assert usual_script("zh_TW") == "Hant"
    assert scripts_of("sr") == {"Cyrl", "Latn"}


@given(st.sampled_from(sorted(get_global("language_aliases")) + sorted(english_names())))
def test_a_usual_form_is_its_own_usual_form(code: str) -> None:
    subtags = Subtags.parse(code)
    if subtags is not None:
        again = Subtags.parse(subtags.tag())
        assert again is not None
        assert again.tag() == subtags.tag()


@given(st.text(max_size=12))
def test_any_text_is_a_code_or_none(text: str) -> None:
    assert Subtags.parse(text) is None or Subtags.parse(text) == Subtags.parse(f" {text.upper()} ")


def test_a_code_that_is_a_direction_is_told_from_a_region_in_lower_case() -> None:
    regions = [
        "pt-br",
        "zh-tw",
        "en-gb",
        "en-us",
        "fr-ca",
        "es-mx",
        "de-at",
        "nl-be",
        "it-ch",
        "pt-pt",
        "zh_cn",
    ]
    assert not [
        code for code in (*regions, "pt-BR", "en-DE", "zh-hant", "es-419", "de") if looks_like_direction(code)
    ]
    directions = [
        "en-de",
        "it-nl",
        "en-fr",
        "de-fr",
        "en-uk",
        "fr-it",
        "sv-fi",
        "en-mt",
        "ca-es",
        "en_de",
        "eng-de",
    ]
    assert all(map(looks_like_direction, directions))


@given(st.sampled_from(sorted(english_names())), st.sampled_from(sorted(get_global("likely_subtags"))))
def test_a_region_in_upper_case_is_never_a_direction(language: str, tag: str) -> None:
    assert not looks_like_direction(f"{language}-{tag.split('_')[-1].upper()}")
