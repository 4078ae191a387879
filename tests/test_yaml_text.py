import pytest
import yaml

from ontarget.yaml_text import ShallowLoader, read_yaml


def test_a_key_that_stands_twice_is_no_yaml() -> None:
    with pytest.raises(yaml.YAMLError, match=r"'languages' occurs twice"):
        read_yaml("languages: [en, de, fr]\nname: x\nlanguages: [en, de]\n")
    with pytest.raises(yaml.YAMLError, match=r"'b' occurs twice"):
        read_yaml("a: {b: 1, b: 2}")
    with pytest.raises(yaml.YAMLError, match="unhashable key"):
        read_yaml("{[a, b]: 1, [a, b]: 2}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[" * 5000, "nested too deeply"),
        ("{a: " * 2000, "nested too deeply"),
        (f"seed: {'9' * 5000}", "integer string conversion"),
        ("day: 2001-99-99", "month must be in"),
        ("a: !!int ''", "index out of range"),
        ("a: !!bool perhaps", "perhaps"),
        ("a: &a [*a]", "its aliases expand to more than"),
        ("a: &a {b: *a}", "its aliases expand to more than"),
        (
            "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60)),
            "its aliases expand to more than 100,000 values",
        ),
    ],
)
def test_what_yaml_cannot_hold_is_told(text: str, said: str) -> None:
    with pytest.raises(yaml.YAMLError, match=said):
        read_yaml(text)


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("[" * 100_000, 1, 102),
        ("[\n" * 50_000, 101, 2),
        ("{" * 100_000, 1, 102),
        ("- " * 50_000, 1, 201),
        ("".join(" " * n + "a:\n" for n in range(300)), 101, 102),
    ],
)
def test_deep_text_is_refused_where_it_becomes_too_deep(text: str, line: int, column: int) -> None:
    """The rest, whose cost would grow with the square of the depth, is not read."""
    with pytest.raises(yaml.MarkedYAMLError, match="nested too deeply") as caught:
        list(yaml.scan(text, ShallowLoader))
    mark = caught.value.problem_mark
    assert (mark.line + 1, mark.column + 1) == (line, column)


def test_a_hundred_levels_are_read() -> None:
    assert read_yaml("[" * 99 + "]" * 99) is not None
    assert read_yaml("- " * 90 + "x") is not None


def test_an_alias_is_what_it_stands_for() -> None:
    assert read_yaml("a: &a [1, 2]\nb: [*a, *a]") == {"a": [1, 2], "b": [[1, 2], [1, 2]]}
    assert read_yaml("") is None


def test_a_key_that_is_merged_in_may_be_changed() -> None:
    text = "a: &a {x: 1, y: 2}\nb: &b {<<: *a, x: 3}\nc: {<<: *b, y: 4}\nd: [{x: 1}, {x: 2}]\n"
    assert read_yaml(text) == yaml.safe_load(text)
