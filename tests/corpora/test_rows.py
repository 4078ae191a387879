import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontarget.corpora.rows import chooser, columns_by_language, columns_of, reader_of_records
from ontarget.errors import UserError
from ontarget.languages import Language

DE, FR, EN, NO, PT, BR, HANT = (Language(code) for code in ("de", "fr", "en", "no", "pt", "pt-BR", "zh-Hant"))


@pytest.mark.parametrize(
    ("tag", "found"),
    [
        *[("de", DE), ("DE", DE), ("de-AT", DE), ("de_DE", DE), (" fr ", FR), ("deu", DE), ("ger", DE)],
        *[("pt", PT), ("pt-br", BR), ("pt_BR", BR), ("por_Latn", PT), ("zh-Hant-TW", HANT), ("zh-TW", HANT)],
        *[("nb", NO), ("nob_Latn", NO), ("nb-NO", NO), ("NO", NO), ("French", FR)],
        *[("zh", None), ("den", None), ("", None), ("target", None), ("nn", None)],
        *[("de_len", None), ("de_url", None), ("de_score", None), ("de-text", None), ("de.x", None)],
        *[("de_id", None), ("fr_no", None), ("de_nr", None), ("nb_no", NO), ("de-NO", DE), ("de_NR", DE)],
    ],
)
def test_names_are_languages_of_the_recipe(tag: str, found: Language | None) -> None:
    columns = columns_by_language([tag], [DE, FR, PT, BR, HANT, NO], "x")
    assert columns == ({tag: found} if found else {})


def test_an_exact_name_wins_over_a_longer_one() -> None:
    assert columns_by_language(["en-GB", "en", "de-DE"], [DE, EN], "x") == {"en": EN, "de-DE": DE}
    assert columns_by_language(["eng_Latn", "en_US", "de"], [DE, EN], "x") == {"eng_Latn": EN, "de": DE}
    assert columns_by_language(["pt", "pt-BR"], [PT, BR], "x") == {"pt": PT, "pt-BR": BR}


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (
            ["en-US", "en-GB", "de-DE"],
            "'en-US' and 'en-GB' are both English (en); choose the one to read, e.g. ",
        ),
        (["en", "eng_Latn", "de-DE"], "'en' and 'eng_Latn' are both English (en)"),
    ],
)
def test_two_columns_for_one_language_are_told_with_what_would_settle_it(names: list[str], told: str) -> None:
    with pytest.raises(UserError) as error:
        columns_of(names, [DE, EN], None, "here")
    assert str(error.value).startswith(f"here: {told}")
    assert str(error.value).endswith(f"columns: {{de-DE: de, {names[0]}: en}}")


def test_a_name_that_is_there_twice_is_told() -> None:
    with pytest.raises(UserError, match=r"'en' and 'en' are both English .* columns: \{3: de, 1: en\}"):
        columns_of(["en", "en", "de"], [DE, EN], None, "here")
    with pytest.raises(UserError, match="here: 2 columns are called 'a'"):
        columns_of(["a", "b", "a"], [DE, EN], {"a": DE, "b": EN}, "here")


def test_columns_are_found_by_the_names_of_languages_or_as_given() -> None:
    assert columns_of(["number", "de_DE", "FR"], [DE, FR], None, "x") == {"de_DE": DE, "FR": FR}
    assert columns_of(["source", "target", "de"], [DE, FR], {"source": DE, "target": FR}, "x") == {
        "source": DE,
        "target": FR,
    }


def test_columns_that_are_missing_are_told_with_those_that_are_there() -> None:
    with pytest.raises(UserError, match=r"^here: no column 'sorce'; did you mean 'source'\?"):
        columns_of(["source", "target"], [DE, FR], {"sorce": DE, "target": FR}, "here")
    with pytest.raises(
        UserError, match=r"the columns are 'src', 'de'\. Give the language of .* columns: \{src: de, de: fr\}"
    ):
        columns_of(["src", "de"], [DE, FR], None, "here")


def test_what_is_given_settles_which_of_two_names_is_read() -> None:
    choose = chooser([DE, EN], {"en_gb": EN})
    assert choose(["en-GB", "en-US", "de"], "x") == {"en-GB": EN, "de": DE}
    assert choose(["en-US", "de"], "x") == {"en-US": EN, "de": DE}
    with pytest.raises(UserError, match=r"^here: 'en-US' and 'en-AU'"):
        choose(["en-US", "en-AU", "de"], "here")
    with pytest.raises(UserError, match=r"columns: \{de-DE: de, en-US: en\}$"):  # two, as `columns` must have
        chooser([DE, EN], {"de-DE": DE})(["de-DE", "en-US", "en-GB"], "here")


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (['"en"', "de"], """{'"en"': en, de: fr}"""),
        (["a: b", "x, y"], "{'a: b': en, 'x, y': fr}"),
        (["\u200ben", "de"], '{"\\u200Ben": en, de: fr}'),
        (["Ein Satz. " * 9, "A sentence."], "{source: en, target: fr}"),
    ],
)
def test_columns_that_a_message_shows_are_yaml_that_names_them(names: list[str], shown: str) -> None:
    with pytest.raises(UserError) as error:
        columns_of(names, [EN, FR], None, "here")
    assert str(error.value).endswith(f"e.g. columns: {shown}")
    with pytest.raises(UserError, match=r"is text already, number the columns: columns: \{1: en, 2: fr\}$"):
        columns_of(names, [EN, FR], None, "here", countable=True)


def test_records_say_their_languages_in_three_ways() -> None:
    read = reader_of_records([DE, FR], None)
    assert read({"de": "a", "fr": "b", "en": "c", "id": 3, "de_len": 1, "fr_score": 0.5}, "x") == {
        DE: "a",
        FR: "b",
    }
    assert read({"translation": {"fr": "b", "de": "a"}}, "x") == {DE: "a", FR: "b"}
    inner = reader_of_records([DE, FR], {"de-AT": DE, "fr": FR})
    assert inner({"translation": {"de-AT": "a", "de-CH": "c", "fr": "b"}}, "x") == {DE: "a", FR: "b"}
    given = reader_of_records([DE, FR], {"source": DE, "texts.fr": FR})
    assert given({"source": "a", "texts": {"fr": "b"}}, "x") == {DE: "a", FR: "b"}
    assert reader_of_records([DE, FR], {"a.b": DE, "c": FR})({"a.b": "x", "c": "y"}, "x") == {
        DE: "x",
        FR: "y",
    }


def test_a_language_that_a_record_lacks_is_not_in_its_segment() -> None:
    assert reader_of_records([DE, FR], None)({"de": "a", "fr": None}, "x") == {DE: "a"}
    assert reader_of_records([DE, FR], None)({"en": "a", "it": "b"}, "x") == {}


@pytest.mark.parametrize(
    ("record", "given", "told"),
    [
        ([1], None, "line 3 must be a record of keys and texts, but is"),
        ({"de": 3, "fr": "b"}, None, "line 3: the German must be text, but is 3"),
        ({"source": "a", "target": "b"}, None, "columns: {source: de, target: fr}"),
        (
            {"left": "a", "right": "b", "id": 1},
            None,
            "no key is a language; the keys are 'left', 'right', 'id'",
        ),
        (
            {"texts": {"de": "a", "fr": "b"}},
            None,
            "no key is a language; the keys are 'texts.de', 'texts.fr'.",
        ),
        ({"translation": {"x": "a"}}, None, "line 3: no key is a language; the keys are 'x'"),
        (
            {"x\ny": "a"},
            None,
            "the keys are 'x y'. Give the language of each key, e.g. columns: {source: de, target: fr}",
        ),
        ({"de-AT": "a", "de-CH": "b"}, None, "line 3: 'de-AT' and 'de-CH' are both German"),
        ({"translation": {"fr": "a", "FR": "b"}}, None, "line 3: 'fr' and 'FR' are both French"),
        (
            {"source": "a", "traget": "b"},
            {"source": DE, "target": FR},
            "no key 'target'; did you mean 'traget'",
        ),
        ({"t": {"x": "a"}}, {"t.de": DE, "t.fr": FR}, "no key 't.de'; choose from 'x'"),
    ],
)
def test_what_is_no_such_record_is_told(record: object, given: dict[str, Language] | None, told: str) -> None:
    with pytest.raises(UserError) as error:
        reader_of_records([DE, FR], given)(record, "line 3")
    assert told in str(error.value)
    assert "line 3" in str(error.value)


json = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["de", "fr", "x", "translation"]), inner),
)


@given(json)
def test_any_record_is_a_segment_of_texts_or_one_error(record: object) -> None:
    try:
        segment = reader_of_records([DE, FR], None)(record, "here")
    except UserError:
        return
    assert set(segment) <= {DE, FR}
    assert all(isinstance(text, str) for text in segment.values())
