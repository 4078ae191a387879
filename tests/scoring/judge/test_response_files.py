"""Files of answers, told by their content."""

import gzip
import json
from pathlib import Path

import pytest

from ontarget.errors import UserError
from ontarget.scoring.judge.response_files import pair_up, read_prompts, read_responses
from ontarget.scoring.judge.win_rate import Pair

ROWS = [
    {"instruction": "Say A.", "output": "A"},
    {"instruction": "Add.", "input": "1 + 1", "output": "two\nit is"},
]
ASKED = ["Say A.", "Add.\n\n1 + 1"]


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def lines(rows: list[dict[str, str]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def test_json_lines_a_json_list_and_gzip_are_told_by_their_content(tmp_path: Path) -> None:
    listed = written(tmp_path, "a.txt", json.dumps(ROWS, indent=1))
    packed = tmp_path / "b.jsonl"
    packed.write_bytes(gzip.compress(lines(ROWS).encode()))
    for path in (listed, packed, written(tmp_path, "c", lines(ROWS))):
        read = read_responses(path)
        assert read.instructions == ASKED
        assert read.texts == ["A", "two\nit is"]


def test_plain_text_is_one_answer_a_line(tmp_path: Path) -> None:
    read = read_responses(written(tmp_path, "a.txt", "[1] one\n\ntwo\n"))
    assert read.instructions is None
    assert read.texts == ["[1] one", "", "two"]


def test_outputs_of_a_run_are_answers(tmp_path: Path) -> None:
    rows = [{"source": "ciao", "text": "hallo", "language": "nl"}]
    read = read_responses(written(tmp_path, "it-nl.jsonl", lines(rows)))
    assert (read.instructions, read.texts) == (None, ["hallo"])


def test_predictions_of_other_tools_are_answers(tmp_path: Path) -> None:
    rows = [{"prompt": "x", "predict": "a\nb", "label": "y"}]
    assert read_responses(written(tmp_path, "a", lines(rows))).texts == ["a\nb"]
    assert read_responses(written(tmp_path, "b", json.dumps(["a", "b"]))).texts == ["a", "b"]
    both = [{"output": "a", "text": "b"}]
    assert read_responses(written(tmp_path, "c", lines(both))).texts == ["a"]


def test_pairs_take_instructions_from_whoever_has_them(tmp_path: Path) -> None:
    with_them, without = written(tmp_path, "a", lines(ROWS)), written(tmp_path, "b", "x\ny\n")
    asked = written(tmp_path, "asked", lines([{"instruction": text} for text in ASKED]))
    expected = [Pair("Say A.", "x", "A"), Pair("Add.\n\n1 + 1", "y", "two\nit is")]
    assert pair_up(read_responses(without), read_responses(with_them), None) == expected
    assert pair_up(read_responses(without), read_responses(with_them), read_prompts(asked)) == expected
    plain = written(tmp_path, "plain", "Q\nR\n")
    assert pair_up(read_responses(without), read_responses(without), read_prompts(plain))[1] == Pair(
        "R", "y", "y"
    )


def test_a_file_of_instructions_is_read_as_by_answer(tmp_path: Path) -> None:
    assert read_prompts(written(tmp_path, "asked.json", json.dumps(ROWS))).instructions == ASKED
    assert read_prompts(written(tmp_path, "a", '["Q", "R"]')).instructions == ["Q", "R"]
    with pytest.raises(UserError, match="/b', line 2: the instruction is empty"):
        read_prompts(written(tmp_path, "b", "Q\n\nR\n"))
    with pytest.raises(UserError, match="/c', line 1: a record needs the key `instruction`"):
        read_prompts(written(tmp_path, "c", '{"output": "x"}\n'))


@pytest.mark.parametrize(
    ("ours", "theirs", "message"),
    [
        ("x\ny\n", "x\ny\n", "neither .*/a nor .*/b has instructions"),
        (lines(ROWS), "x\n", "/b has 1 response, but .*/a has 2 instructions"),
        (
            lines(ROWS),
            lines([*ROWS[:1], {"instruction": "No.", "output": "x"}]),
            "different instructions at number 2",
        ),
        (lines([{"instruction": "Say."}]), "x\n", "/a has no responses: each object needs the key 'output'"),
        (lines(ROWS) + "oops\n", "x\n", "/a', line 3: not JSON"),
        (lines(ROWS) + "[]\n", "x\n", "/a', line 3: not a JSON object"),
        (lines([*ROWS, {"instruction": "And?"}]), "x\n", "/a', line 3: its 'output' is missing"),
        ("", "x\n", "/a' is empty"),
    ],
)
def test_files_that_do_not_belong_together_are_one_sentence(
    tmp_path: Path, ours: str, theirs: str, message: str
) -> None:
    a, b = written(tmp_path, "a", ours), written(tmp_path, "b", theirs)
    with pytest.raises(UserError, match=message) as caught:
        pair_up(read_responses(a), read_responses(b), None)
    assert "\n" not in str(caught.value)
