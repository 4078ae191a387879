from hypothesis import given
from hypothesis import strategies as st

from ontarget.scoring.language_id.many_scripts import counts_of_scripts
from ontarget.scoring.language_id.scripts import script_counts

LETTERS = "aéжΩ東かカ서ไع\u0915𐎀𝒜\ud83d 1-\u0301👍"


@given(st.lists(st.text() | st.text(LETTERS, max_size=9), max_size=20))
def test_texts_are_counted_as_one_by_one(texts: list[str]) -> None:
    assert counts_of_scripts(texts) == [script_counts(text) for text in texts]


def test_texts_of_any_length_keep_their_counts() -> None:
    texts = ["ж" * 300_000, "", "Ωa" * 200_000, "東か", "1" * 300_000, "z"]
    expected = [
        {"Cyrl": 300_000},
        {},
        {"Grek": 200_000, "Latn": 200_000},
        {"Hani": 1, "Kana": 1},
        {},
        {"Latn": 1},
    ]
    assert counts_of_scripts(texts) == expected
