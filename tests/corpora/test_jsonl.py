from pathlib import Path

import pytest

from ontarget.corpora.jsonl import read_jsonl
from ontarget.errors import UserError
from ontarget.languages import Language

DE, FR = Language("de"), Language("fr")


def test_a_record_a_line(tmp_path: Path) -> None:
    (tmp_path / "x").write_text(
        '{"de": "a\\nb", "fr": "\\u00e9"}\n\n{"translation": {"de": "c"}}\n', encoding="utf-8"
    )
    assert list(read_jsonl(tmp_path / "x", [DE, FR], None)) == [{DE: "a\nb", FR: "é"}, {DE: "c"}]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('{"de": "a \\ud83d", "fr": "b"}', "line 2: half of a surrogate pair"),
        ('{"de": "a", "fr": "b", "de": "c"}', "line 2: the key 'de' occurs twice"),
        ('{"messages": []}', "line 2: no key is a language; the keys are 'messages'"),
    ],
)
def test_a_record_that_is_wrong_is_told_with_its_line(tmp_path: Path, line: str, told: str) -> None:
    (tmp_path / "x").write_text(f'{{"de": "a", "fr": "b"}}\n{line}\n', encoding="utf-8")
    with pytest.raises(UserError) as error:
        list(read_jsonl(tmp_path / "x", [DE, FR], None))
    assert f"x', {told}" in str(error.value)


@pytest.mark.parametrize("line", ["{nope", '{"de": "a"', "de\tfr", "[" * 100_000, '{"de": "a"} {"de": "b"}'])
def test_a_line_that_is_no_json_is_told_with_its_number(tmp_path: Path, line: str) -> None:
    (tmp_path / "x").write_text(f'{{"de": "a", "fr": "b"}}\n{line}\n', encoding="utf-8")
    with pytest.raises(UserError, match=r"x', line 2: .*JSON .*; write one record per line"):
        list(read_jsonl(tmp_path / "x", [DE, FR], None))
