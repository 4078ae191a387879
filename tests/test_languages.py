from itertools import product

import pytest

from ontarget.errors import UserError
from ontarget.languages import Direction, Language


@pytest.mark.parametrize(
    ("given", "code"),
    [("it", "it"), ("IT", "it"), ("zh-hant", "zh-Hant"), ("pt_br", "pt-BR"), ("SR-LATN", "sr-Latn")],
)
def test_codes_are_put_in_their_usual_form(given: str, code: str) -> None:
    assert Language(given).code == code
    assert str(Language(given)) == code
    assert Language(given) == Language(code)
    assert hash(Language(given)) == hash(Language(code))


@pytest.mark.parametrize(
    ("code", "in_language", "name"),
    [
        ("ro", "it", "rumeno"),
        ("cs", "de", "Tschechisch"),
        ("nl", "en", "Dutch"),
        ("de", "cs", "němčina"),
        ("pt-BR", "en", "Brazilian Portuguese"),
        ("zh-Hant", "en", "Traditional Chinese"),
        ("de-LI", "en", "German"),  # CLDR has no name of its own for it
    ],
)
def test_names_are_those_of_cldr(code: str, in_language: str, name: str) -> None:
    assert Language(code).name(in_language) == name
    assert Language(code).name(Language(in_language)) == name


def test_a_language_without_a_locale_still_has_a_name() -> None:
    assert Language("got").name() == "Gothic"
    assert Language("got").name("de") == "Gotisch"


def test_a_language_that_cldr_has_no_name_for_is_called_by_its_code() -> None:
    assert Language("gom").name() == "gom"  # Babel knows its locale, lid.176 its label


@pytest.mark.parametrize(("wrong", "hint"), [("Germn", r"de \(German\)"), ("Italiano", r"it \(Italian\)")])
def test_an_unknown_language_comes_with_the_nearest(wrong: str, hint: str) -> None:
    with pytest.raises(UserError, match=f"unknown language '{wrong}'; did you mean {hint}"):
        Language(wrong)


@pytest.mark.parametrize("wrong", ["", "x", "xx", "123", "qqq", "en-", "../de"])
def test_what_is_no_language_is_an_error(wrong: str) -> None:
    with pytest.raises(UserError, match="unknown language"):
        Language(wrong)


@pytest.mark.parametrize(("code", "label"), [("zh-Hant", "zh"), ("nb", "no"), ("de", "de"), ("pt-BR", "pt")])
def test_fasttext_labels(code: str, label: str) -> None:
    assert Language(code).fasttext_label == label


@pytest.mark.parametrize(
    ("code", "script", "scripts"),
    [
        ("ru", "Cyrl", {"Cyrl"}),
        ("zh", "Hans", {"Hans", "Hant"}),
        ("zh-TW", "Hant", {"Hant"}),
        ("zh-Hans", "Hans", {"Hans"}),
        ("sr", "Cyrl", {"Cyrl", "Latn"}),
        ("sr-Latn", "Latn", {"Latn"}),
        ("pt-BR", "Latn", {"Latn"}),
        ("ja", "Jpan", {"Jpan"}),
        ("got", "Goth", {"Goth"}),
    ],
)
def test_scripts(code: str, script: str, scripts: set[str]) -> None:
    assert Language(code).script == script
    assert Language(code).scripts == scripts


@pytest.mark.parametrize(
    ("code", "primary", "region"), [("pt-BR", "pt", "BR"), ("zh-Hant", "zh", None), ("es-419", "es", "419")]
)
def test_parts_of_a_code(code: str, primary: str, region: str | None) -> None:
    assert (Language(code).primary, Language(code).region) == (primary, region)


@pytest.mark.parametrize(
    ("code", "tokenizer"), [("zh-Hans", "zh"), ("ja", "ja-mecab"), ("ko", "ko-mecab"), ("cs", "13a")]
)
def test_sacrebleu_tokenizers(code: str, tokenizer: str) -> None:
    assert Language(code).sacrebleu_tokenizer == tokenizer


def test_a_direction_reads_back_as_it_is_written() -> None:
    codes = ["it", "nl", "zh-Hant", "pt-BR", "sr-Latn", "nb", "fil"]
    for source, target in product(codes, codes):
        direction = Direction.parse(f"{source}-{target}")
        assert direction == Direction(Language(source), Language(target))
        assert str(direction) == f"{source}-{target}"


def test_a_region_that_is_named_like_a_language_stays_with_its_own() -> None:
    codes = ["en-CA", "fr", "sv-FI", "fi", "en-MT", "mt", "ca-ES", "es", "de"]
    for source, target in product(codes, codes):
        direction = Direction(Language(source), Language(target))
        assert Direction.parse(str(direction)) == direction
    assert Direction.parse("sv-fi-FI") == Direction(Language("sv"), Language("fi-FI"))


def test_the_way_back() -> None:
    assert Direction.parse("it-nl").reverse == Direction.parse("nl-it")
    assert Direction.parse("it-nl").sides == (Language("it"), Language("nl"))


@pytest.mark.parametrize("wrong", ["", "it", "it-", "-nl", "it-qqq", "it>nl"])
def test_what_is_no_direction_is_an_error(wrong: str) -> None:
    with pytest.raises(UserError, match=f"'{wrong}' is no direction such as it-nl"):
        Direction.parse(wrong)


def test_a_misspelt_direction_names_the_nearest_language() -> None:
    with pytest.raises(UserError, match=r"did you mean de \(German\)"):
        Direction.parse("en-germn")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("deu", "de"),
        ("fra_Latn", "fr"),
        ("zho_Hant", "zh-Hant"),
        ("srp_Cyrl", "sr-Cyrl"),
        ("arb_Arab", "ar"),
        ("iw", "he"),
        ("ceb_Latn", "ceb"),
        ("no", "no"),
        ("tl", "tl"),
        ("yue", "yue"),
    ],
)
def test_codes_of_other_lists_are_those_of_ours(given: str, code: str) -> None:
    assert str(Language(given)) == code
    assert Language(given) == Language(code)
