import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from ontarget.cli.output_formats import WIDE, _terminal, print_tables
from ontarget.cli.plain_table import plain_table

TEXT = st.text(st.sampled_from("ab 1.[]|ü中한ｱ🙂e\u0301"), max_size=8).map(str.strip)


def by_rich(title: str, rows: list[dict[str, str]]) -> str:
    out = io.StringIO()
    Console(file=out, width=WIDE, highlight=False, emoji=False).print(_terminal(title, rows))
    return out.getvalue().removesuffix("\n")


@given(st.integers(1, 4).flatmap(lambda n: st.lists(st.lists(TEXT, min_size=n, max_size=n), min_size=1)))
def test_a_plain_table_is_that_of_rich(cells: list[list[str]]) -> None:
    rows = [{f"column {n}": cell for n, cell in enumerate(row)} for row in cells]
    for title in ("", "lines"):
        assert plain_table(title, rows) == by_rich(title, rows)


def test_each_row_stays_in_its_line() -> None:
    printed = plain_table("", [{"file": "a\nb\x1b[1m"}]).split("\n")
    assert [line.strip() for line in printed] == ["", "file", "─" * len(r"a\nb\x1b[1m  "), r"a\nb\x1b[1m", ""]


@pytest.mark.parametrize(("encoding", "rule"), [("utf-8", "─"), ("ascii", "-")])
def test_a_pipe_in_another_encoding_gets_what_it_can_hold(
    monkeypatch: pytest.MonkeyPatch, encoding: str, rule: str
) -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr("sys.stdout", out)
    print_tables([("", [{"file": "a"}])], "table", ["note"])
    out.flush()
    printed = out.buffer.getvalue().decode(encoding)  # type: ignore[attr-defined]
    assert rule in printed
    assert printed.endswith("note\n")
