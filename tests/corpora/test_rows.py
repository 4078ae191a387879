import pytest

from ontarget.corpora.rows import columns_of, language_of, reader_of_records
from ontarget.errors import UserError
from ontarget.languages import Language

DE, FR, PT, BR, HANT = (Language(code) for code in ("de", "fr", "pt", "pt-BR", "zh-Hant"))


@pytest.mark.parametrize(
    ("tag", "found"),
    [
        *[("de", DE), ("DE", DE), ("de-AT", DE), ("de_DE", DE), (" fr ", FR)],
        *[("pt", PT), ("pt-br", BR), ("pt_BR", BR), ("zh-Hant-TW", HANT)],
        *[("zh", None), ("den", None), ("", None), ("target", None)],
    ],
)
def test_tags_of_files_are_languages_of_the_recipe(tag: str, found: Language | None) -> None:
    assert language_of(tag, [DE, FR, PT, BR, HANT]) == found


def test_columns_are_found_by_the_names_of_languages_or_as_given() -> None:
    assert columns_of(["id", "de_DE", "FR"], [DE, FR], None, "x") == {"de_DE": DE, "FR": FR}
    assert columns_of(["source", "target", "de"], [DE, FR], {"source": DE, "target": FR}, "x") == {
        "source": DE,
        "target": FR,
    }


def test_columns_that_are_missing_are_told_with_those_that_are_there() -> None:
    with pytest.raises(UserError, match=r"^here: no column 'sorce'; did you mean 'source'\?"):
        columns_of(["source", "target"], [DE, FR], {"sorce": DE, "target": FR}, "here")
    with pytest.raises(UserError, match=r"there are 'src', 'de': say which .* columns: \{src: de, de: fr\}"):
        columns_of(["src", "de"], [DE, FR], None, "here")


def test_records_say_their_languages_in_three_ways() -> None:
    read = reader_of_records([DE, FR], None)
    assert read({"de": "a", "fr": "b", "en": "c", "id": 3}, "x") == {DE: "a", FR: "b"}
    assert read({"translation": {"fr": "b", "de": "a"}}, "x") == {DE: "a", FR: "b"}
    given = reader_of_records([DE, FR], {"source": DE, "texts.fr": FR})
    assert given({"source": "a", "texts": {"fr": "b"}}, "x") == {DE: "a", FR: "b"}
    assert reader_of_records([DE, FR], {"a.b": DE, "c": FR})({"a.b": "x", "c": "y"}, "x") == {
        DE: "x",
        FR: "y",
    }


def test_a_language_that_a_record_lacks_is_not_in_its_segment() -> None:
    assert reader_of_records([DE, FR], None)({"de": "a", "fr": None}, "x") == {DE: "a"}


@pytest.mark.parametrize(
    ("record", "given", "told"),
    [
        ([1], None, "line 3 is no record of keys and texts but"),
        ({"de": 3, "fr": "b"}, None, "line 3: the German is no text but 3"),
        ({"source": "a", "target": "b"}, None, "columns: {source: de, target: fr}"),
        (
            {"source": "a", "traget": "b"},
            {"source": DE, "target": FR},
            "no key 'target'; did you mean 'traget'",
        ),
        ({"t": {"x": "a"}}, {"t.de": DE, "t.fr": FR}, "no key 't.de'; there are 'x'"),
    ],
)
def test_what_is_no_such_record_is_told(record: object, given: dict[str, Language] | None, told: str) -> None:
    with pytest.raises(UserError) as error:
        reader_of_records([DE, FR], given)(record, "line 3")
    assert told in str(error.value)
    assert "line 3" in str(error.value)
