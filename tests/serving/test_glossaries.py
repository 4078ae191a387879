import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.serving.failure import Failure
from ontarget.serving.glossaries import GlossaryStore, KeptDictionary, entries_of

DE_EN = Direction.parse("de-en")
DOGS = KeptDictionary(DE_EN, (("Hund", "dog"),))
HUNDE = KeptDictionary(Direction.parse("en-de"), (("dog", "Hund"),))


@pytest.mark.parametrize(
    ("text", "format", "expected"),
    [
        ("Hund\tdog\r\n\n wilde Katze \twild cat", "tsv", (("Hund", "dog"), ("wilde Katze", "wild cat"))),
        (
            'Hund,dog\r\n"Ja, bitte","Yes, please",de,EN-US\n',
            "csv",
            (("Hund", "dog"), ("Ja, bitte", "Yes, please")),
        ),
    ],
)
def test_entries(text: str, format: str, expected: object) -> None:
    assert entries_of(text, format, DE_EN) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "format", "said"),
    [
        ("", "tsv", "has no entries"),
        ("\n \n", "tsv", "has no entries"),
        ("Hund\tdog\nKatze", "tsv", "entry 2 has 1 column,"),
        ("Hund\tdog\tchien", "tsv", "entry 1 has 3 columns"),
        ("Hund\t", "tsv", "entry 1 has an empty term"),
        ("Hu\x85nd\tdog", "tsv", "control character"),
        ("Hund\t\u200b", "tsv", "empty term"),
        ("Hund\tdog\nHund\thound", "tsv", "entry 2 has a term of an entry before"),
        ("Hund,dog,de,fr", "csv", "entry 1 is for other languages than the glossary, which is from German"),
        ("Hund,dog,de,xx", "csv", "entry 1: unknown language"),
        ('"Hund,dog', "csv", "not valid CSV"),
        ('"Hund"x,dog', "csv", "not valid CSV"),
    ],
)
def test_wrong_entries(text: str, format: str, said: str) -> None:
    with pytest.raises(Failure, match=said) as refused:
        entries_of(text, format, DE_EN)  # type: ignore[arg-type]
    assert refused.value.status == 400


@given(st.text(), st.sampled_from(["tsv", "csv"]))
def test_entries_of_any_text(text: str, format: str) -> None:
    try:
        entries = entries_of(text, format, DE_EN)  # type: ignore[arg-type]
    except Failure:
        return
    assert all(term == term.strip() != "" and translation for term, translation in entries)


def test_glossaries_outlive_the_server_in_their_folder(tmp_path: Path) -> None:
    store = GlossaryStore(tmp_path / "state" / "glossaries")
    first = store.create("../../animals", [DOGS, HUNDE], "anna")
    second = store.create("plants", [DOGS], "anna")
    store.delete(second.id, "anna")
    assert [file.name for file in tmp_path.rglob("*") if file.is_file()] == [f"{first.id}.json"]
    again = GlossaryStore(tmp_path / "state" / "glossaries")
    assert again.of("anna") == [first]
    assert again.get(first.id, "anna").dictionaries[0].glossary.of("Ein Hund") == (("Hund", "dog"),)


def test_a_client_sees_its_own_glossaries_alone() -> None:
    store = GlossaryStore()
    one = store.create("animals", [DOGS], "anna")
    assert store.of("berta") == []
    for act in (store.get, store.delete):
        with pytest.raises(Failure, match="no glossary with this ID") as refused:
            act(one.id, "berta")
        assert refused.value.status == 404
    assert store.get(one.id, "anna") is one


def test_a_glossary_is_for_its_languages_in_any_region() -> None:
    one = GlossaryStore().create("animals", [DOGS, HUNDE], "")
    assert one.between(Language("de"), Language("EN-GB")) is DOGS
    assert one.between(Language("de-AT"), Language("en")) is DOGS
    assert one.between(Language("en-US"), Language("de")) is HUNDE
    for source, target in (("de", "fr"), ("en", "en-GB"), ("it", "en")):
        with pytest.raises(
            Failure, match=r"but the glossary is from German \(de\) into English \(en\), from English"
        ):
            one.between(Language(source), Language(target))
    nothing = GlossaryStore().create("none", [], "")
    with pytest.raises(
        Failure, match=r"is from Italian \(it\) into Dutch \(nl\), but the glossary has no dict"
    ):
        nothing.between(Language("it"), Language("nl"))


def test_the_dictionary_of_just_these_languages_comes_first() -> None:
    general, british = (
        KeptDictionary(Direction.parse(way), (("Hund", "dog"),)) for way in ("de-en", "de-en-GB")
    )
    one = GlossaryStore().create("animals", [general, british], "")
    assert one.between(Language("de"), Language("en-GB")) is british
    assert one.between(Language("de"), Language("en")) is general


def test_a_file_of_one_direction_from_before_is_read(tmp_path: Path) -> None:
    old = {
        "id": "a",
        "name": "animals",
        "source": "de",
        "target": "en",
        "entries": [["Hund", "dog"]],
        "created": "2026-01-02T03:04:05+00:00",
        "owner": "",
    }
    (tmp_path / "a.json").write_text(json.dumps(old))
    assert GlossaryStore(tmp_path).get("a", "").dictionaries == (DOGS,)


@pytest.mark.parametrize("text", ["", "{}", "null", "[]", "\x00", json.dumps({"id": 1})])
def test_a_file_that_is_not_a_glossary_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "other.json").write_text(text)
    with pytest.raises(UserError, match=r"other\.json' is not a glossary"):
        GlossaryStore(tmp_path)


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="file/glossaries' cannot be used for glossaries"):
        GlossaryStore(tmp_path / "file" / "glossaries")


@pytest.mark.parametrize(("name", "most"), [("_MOST", 1), ("_MOST_CHARACTERS", 13)])
def test_what_a_client_may_keep_is_bounded(monkeypatch: pytest.MonkeyPatch, name: str, most: int) -> None:
    monkeypatch.setattr(f"ontarget.serving.glossaries.{name}", most)
    store = GlossaryStore()
    store.create("a", [DOGS], "anna")
    store.create("a", [DOGS], "berta")
    with pytest.raises(Failure, match="delete one first"):
        store.create("b", [DOGS], "anna")
