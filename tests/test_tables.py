import csv
import io

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from ontarget.tables import TextTable, csv_text, latex, latex_escaped, markdown, plain, terminal

TEXT = st.text(st.sampled_from("ab 1.[]|ü中한ｱ🙂e\u0301"), max_size=8).map(str.strip)
CELLS = st.integers(1, 4).flatmap(lambda n: st.lists(st.lists(TEXT, min_size=n, max_size=n), min_size=1))
SCORES = TextTable(["system", "BLEU"], [["a_b|c", "1.00"], ["d", "120.50"]])


def table_of(cells: list[list[str]], title: str = "") -> TextTable:
    return TextTable([f"column {number}" for number in range(len(cells[0]))], cells, title)


def by_rich(table: TextTable) -> str:
    out = io.StringIO()
    Console(file=out, width=1000, highlight=False, emoji=False).print(terminal(table))
    return out.getvalue().removesuffix("\n")


@given(CELLS)
def test_a_plain_table_is_that_of_rich(cells: list[list[str]]) -> None:
    for title in ("", "lines"):
        assert plain(table_of(cells, title)) == by_rich(table_of(cells, title))


def test_each_row_stays_in_its_line() -> None:
    printed = plain(TextTable(["file"], [["a\nb\x1b[1m"]])).split("\n")
    assert [line.strip() for line in printed] == ["", "file", "─" * len(r"a\nb\x1b[1m  "), r"a\nb\x1b[1m", ""]


def test_a_table_is_split_into_blocks_of_whole_columns() -> None:
    table = TextTable(["system", *"abcde"], [["ours", *map(str, range(10, 15))]], "title")
    parts = table.split(20)
    assert [list(part.headers) for part in parts] == [
        ["system", "a", "b"],
        ["system", "c", "d"],
        ["system", "e"],
    ]
    assert [list(part.rows[0]) for part in parts] == [
        ["ours", "10", "11"],
        ["ours", "12", "13"],
        ["ours", "14"],
    ]
    assert {part.title for part in parts} == {"title"}
    assert len(table.split(1)) == 5, "a part has at least one column besides the first"


def test_markdown_plain_and_padded() -> None:
    assert markdown(SCORES) == (
        "| system | BLEU |\n"
        "| --- | ---: |\n"
        "| a_b\\|c | 1.00 |\n"
        "| d | 120.50 |\n"
    )  # fmt: skip
    assert markdown(SCORES, padded=True) == (
        "| system   |   BLEU |\n|:---------|-------:|\n| a_b\\|c   |   1.00 |\n| d        | 120.50 |\n"
    )


@given(CELLS)
def test_padded_markdown_lines_up_and_has_the_same_cells(cells: list[list[str]]) -> None:
    table = table_of(cells)
    lines = markdown(table, padded=True).rstrip("\n").split("\n")
    from rich.cells import cell_len

    assert len(set(map(cell_len, lines))) == 1
    bare = markdown(table).rstrip("\n").split("\n")
    strip = [[cell.strip() for cell in line.split("|")] for line in lines[2:]]
    assert strip == [[cell.strip() for cell in line.split("|")] for line in bare[2:]]


def test_latex_is_a_padded_booktabs_table() -> None:
    assert latex(SCORES) == (
        "\\begin{tabular}{lr}\n"
        "\\toprule\n"
        " system   &   BLEU \\\\\n"
        "\\midrule\n"
        " a\\_b\\textbar{}c    &   1.00 \\\\\n"
        " d        & 120.50 \\\\\n"
        "\\bottomrule\n"
        "\\end{tabular}\n"
    )


def test_latex_prints_every_sign_literally() -> None:
    assert latex_escaped("5 % of $x_1 < y & {z}") == r"5 \% of \$x\_1 $<$ y \& \{z\}"
    assert (
        latex_escaped("a\\b|~^→")
        == r"a\textbackslash{}b\textbar{}\textasciitilde{}\textasciicircum{}$\rightarrow$"
    )


def test_csv_has_the_keys_of_all_rows() -> None:
    text = csv_text([{"a": 'x,"y"', "b": 1 / 3}, {"a": "z\n", "c": None}])
    rows = list(csv.DictReader(io.StringIO(text)))
    assert rows == [{"a": 'x,"y"', "b": str(1 / 3), "c": ""}, {"a": "z\n", "b": "", "c": ""}]


def test_a_negative_number_has_a_minus_sign_in_latex_and_a_name_its_hyphen() -> None:
    assert latex_escaped("-41.67* [-58.33, -33.33]") == "$-$41.67* [$-$58.33, $-$33.33]"
    for name in ("en-de", "gpt-4", "v1.-2", "a-1.5", "+0.5", "-"):
        assert latex_escaped(name) == name
