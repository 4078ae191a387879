from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from tests.documents.answers import Model, same, upper

from ontarget.documents.document import translate_document
from ontarget.documents.yaml_strings import read_yaml_strings
from ontarget.errors import UserError
from ontarget.languages import Language


def translated(text: str, model: object) -> str:
    document = read_yaml_strings(text.encode(), Path("a.yaml"))
    return translate_document(document, Model(model), Language("en")).data.decode()  # type: ignore[arg-type]


TEXT = """\
# a comment
en:
  title: Hello world   # and another
  quoted: "It's \\"fine\\" here"
  single: 'It''s a dog'
  flag: yes
  list:
    - first item
    - {a: second item, b: [third, item four]}
  block: |
    A line of text.
      indented
  lines: |-
    One line.
    Two lines.

    Three.
  folded: >-
    A long paragraph
    over lines.

    Second one.
  over: plain text
    over two lines
  anchor: &x shared text
  alias: *x
  tag: !!str a text
  url: https://x.org
---
second document
"""


def test_values_are_translated_and_all_else_stays() -> None:
    assert translated(TEXT, same) == TEXT
    found = translated(TEXT, upper)
    assert list(yaml.safe_load_all(found)) == [
        {
            "en": {
                "title": "HELLO WORLD",
                "quoted": 'IT\'S "FINE" HERE',
                "single": "IT'S A DOG",
                "flag": True,
                "list": ["FIRST ITEM", {"a": "SECOND ITEM", "b": ["THIRD", "ITEM FOUR"]}],
                "block": "A LINE OF TEXT.\n  INDENTED\n",
                "lines": "ONE LINE.\nTWO LINES.\n\nTHREE.",
                "folded": "A LONG PARAGRAPH OVER LINES.\nSECOND ONE.",
                "over": "PLAIN TEXT OVER TWO LINES",
                "anchor": "SHARED TEXT",
                "alias": "SHARED TEXT",
                "tag": "A TEXT",
                "url": "https://x.org",
            }
        },
        "SECOND DOCUMENT",
    ]
    assert "# a comment" in found
    assert "HELLO WORLD   # and another" in found


NASTY = [
    "yes",
    "5",
    "a: b",
    "- x",
    "# no",
    "'",
    '"',
    "{a}",
    "[",
    "&x",
    "*x",
    "!t",
    "a #b",
    "x,y",
    "null",
    "%",
    "@",
    "é:",
]


@given(st.sampled_from(NASTY), st.sampled_from(NASTY))
def test_any_translation_is_read_back_as_that_string(first: str, second: str) -> None:
    text = "a: one dog\nb: [two dogs, 'three dogs']\nc: \"four dogs\"\nd: {e: five dogs}\n"
    new = f"{first} {second}"
    found = yaml.safe_load(translated(text, lambda _: new))
    assert found in (
        {"a": new, "b": [new, new], "c": new, "d": {"e": new}},
        yaml.safe_load(text),  # a translation with placeholders of its own is refused
    )


@pytest.mark.parametrize(
    "text",
    ["a: [\n  one dog,\n  two dogs\n]\n", "a:\n  [one dog,\n  two dogs]\n", "- {a: [\n one dog\n]}\n"],
)
@pytest.mark.parametrize("new", ["a, b", "a] b", "a } b: c", "{a, b}"])
def test_lists_in_brackets_over_several_lines(text: str, new: str) -> None:
    def replaced(value: object) -> object:
        if isinstance(value, dict):
            return {key: replaced(one) for key, one in value.items()}
        return list(map(replaced, value)) if isinstance(value, list) else new

    old = yaml.safe_load(text)
    assert yaml.safe_load(translated(text, lambda _: new)) in (replaced(old), old)


def test_text_with_commas_outside_brackets_needs_no_quotation_marks() -> None:
    assert translated("a: one, two\n# [\nb: 3\n", upper) == "a: ONE, TWO\n# [\nb: 3\n"


@pytest.mark.parametrize("text", ["a: [1", "a: b: c", "\t- x", "a: &x\nb: *y"])
def test_what_is_not_yaml(text: str) -> None:
    with pytest.raises(UserError, match="not valid YAML"):
        read_yaml_strings(text.encode(), Path("a.yaml"))


@pytest.mark.parametrize("text", ["[" * 3000, "{a: " * 3000, "- " * 3000])
def test_what_is_nested_too_deeply(text: str) -> None:
    with pytest.raises(
        UserError, match=r"'a.yaml', line 1, column \d+: not valid YAML \(it is nested too deeply\)"
    ):
        read_yaml_strings(text.encode(), Path("a.yaml"))


def test_a_translation_that_looks_like_deep_yaml_is_quoted() -> None:
    deep = "[" * 3000 + "eins"
    assert yaml.safe_load(translated("a: one\n", lambda _: deep)) == {"a": deep}


def test_aliases_that_would_expand_to_gigabytes_are_not_expanded() -> None:
    text = "a0: &a0 [one dog]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30)
    )
    assert translated(text, upper) == text.replace("one dog", "ONE DOG")


@pytest.mark.parametrize(
    "text",
    [
        'a: "Name\\nAddress in town\\n"\n',
        "a: 'Name\n\n  Address in town\n\n  '\n",
        "a: |\n  Name\n  Address in town\n",
    ],
)
def test_the_lines_of_a_string_stay_lines(text: str) -> None:
    assert yaml.safe_load(text) == {"a": "Name\nAddress in town\n"}
    assert yaml.safe_load(translated(text, upper)) == {"a": "NAME\nADDRESS IN TOWN\n"}


@pytest.mark.parametrize("first", [0, 0x7F, 0x2020, 0xFFE0])
def test_a_translation_with_any_character_is_valid(first: int) -> None:
    added = "".join(map(chr, range(first, first + 0x20)))
    text = "a: 'one dog'\nb: one dog\nc: |\n  one dog\nd: >\n  one dog\ne: \"one dog\"\n"
    found = yaml.safe_load(translated(text, lambda source: f"{source}{added}x")).values()
    assert all(value.startswith("one dog") and value.rstrip().endswith("x") for value in found)
