from typing import Any

import pytest

from ontarget.errors import UserError
from ontarget.languages import Language
from ontarget.scoring.reading.json_keys import KNOWN, Role, Wanted, reader_of


def read(record: Any, role: Role = "hypothesis", keys: tuple[str, ...] = (), language: str = "de") -> str:
    return reader_of(Wanted(role, Language(language), keys))(record, "x, line 1")


LLAMA_FACTORY = {"prompt": "Translate: Good morning.", "label": "Guten Tag.", "predict": "Guten Morgen."}
PAIR = {"translation": {"en": "Good morning.", "de": "Guten Morgen."}}


@pytest.mark.parametrize(
    ("record", "role", "text"),
    [
        (LLAMA_FACTORY, "hypothesis", "Guten Morgen."),
        (LLAMA_FACTORY, "reference", "Guten Tag."),
        ({"src": "Good morning.", "mt": "Morgen.", "ref": "Guten Morgen."}, "hypothesis", "Morgen."),
        ({"src": "Good morning.", "mt": "Morgen.", "ref": "Guten Morgen."}, "reference", "Guten Morgen."),
        ({"src": "Good morning.", "mt": "Morgen.", "ref": "Guten Morgen."}, "source", "Good morning."),
        (PAIR, "hypothesis", "Guten Morgen."),
        (PAIR, "reference", "Guten Morgen."),
        ({"en": "Good morning.", "de": "Guten Morgen."}, "reference", "Guten Morgen."),
        ({"de": "Guten Tag.", "en": "Good morning.", "text": "Guten Morgen."}, "hypothesis", "Guten Morgen."),
        ("Guten Morgen.", "hypothesis", "Guten Morgen."),
        ({"text": ""}, "hypothesis", ""),
    ],
)
def test_the_key_is_told_where_it_can_be(record: Any, role: Role, text: str) -> None:
    assert read(record, role) == text


@pytest.mark.parametrize("role", KNOWN)
def test_any_known_key_alone_is_the_text(role: Role) -> None:
    assert [read({"id": 1, key: "a"}, role) for key in KNOWN[role]] == ["a"] * len(KNOWN[role])


def test_a_key_that_is_named_wins() -> None:
    assert read(LLAMA_FACTORY, keys=("label",)) == "Guten Tag."
    assert read(PAIR, keys=("translation.en",)) == "Good morning."
    assert read({"a.b": "c"}, keys=("a.b",)) == "c"
    assert read({"answer": "a", "text": "b"}, keys=("answer", "said")) == "a"  # another file has `said`


@pytest.mark.parametrize(
    ("record", "options", "complaint"),
    [
        (
            {"text": "a", "translation": "b", "id": 3},
            {},
            "each of 'translation' and 'text' may be the hypothesis; choose one with --key NAME; "
            "its keys are text, translation, id$",
        ),
        (
            {"answer": "a", "more": {"x": "b"}},
            {},
            "no key is known as the hypothesis; choose one with --key NAME; its keys are answer, more.x$",
        ),
        ({"prompt": "a"}, {"role": "source"}, "as the source; choose one with --source-key NAME"),
        ({"prompt": "a"}, {"role": "reference"}, "as the reference; choose one with --reference-key NAME"),
        # `id` may be Indonesian, but not alone.
        ({"id": "doc-1", "gold": "a"}, {"role": "reference", "language": "id"}, "no key is known as the ref"),
        (LLAMA_FACTORY, {"keys": ("predcit",)}, "no key 'predcit'; did you mean 'predict'"),
        ({"a": "b"}, {"keys": ("text", "c.d")}, "no key 'text' or 'c.d'; its keys are a$"),
        ({"a": "b", "c": "d"}, {"keys": ("a", "c")}, "each of 'a' and 'c' may be the hypothesis"),
        ({"text": None}, {}, "'text' is null, not text; write \"\" for an empty text"),
        (
            {"text": 3.5},
            {},
            "'text' is the number 3.5, not text; choose another key with --key NAME; its keys are text$",
        ),
        ({"text": True}, {}, "'text' is true, not text"),
        ({"text": ["a"]}, {}, "'text' is a list, not text"),
        ({"translation": {"en": "a", "fr": "b"}}, {}, "its keys are translation.en, translation.fr"),
        (["a"], {}, "x, line 1 is a list; write an object with the hypothesis as text"),
        (None, {}, "is null; write"),
        ({}, {}, "its keys are none$"),
        ({f"k{n}": n for n in range(30)}, {}, "k19 and 10 more$"),
    ],
)
def test_where_it_cannot_be_told_the_keys_are_listed(
    record: Any, options: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(UserError, match=complaint) as caught:
        read(record, **options)
    assert str(caught.value).startswith("x, line 1")


def test_the_first_record_decides_for_all() -> None:
    reader = reader_of(Wanted("hypothesis"))
    assert reader({"text": "a"}, "line 1") == "a"
    assert reader({"text": "b", "output": "c"}, "line 2") == "b"
    with pytest.raises(UserError, match=r"^line 3: no key 'text'; its keys are output"):
        reader({"output": "c"}, "line 3")
