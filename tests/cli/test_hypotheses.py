import io
import sys
from pathlib import Path

import pytest

from ontarget.cli.hypotheses import Given, hypotheses_of
from ontarget.errors import UserError
from ontarget.languages import Language
from ontarget.scoring.reading.hypotheses import HypothesisLine


def write(path: Path, lines: list[str]) -> str:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return str(path)


def test_lines_go_together_by_number(tmp_path: Path) -> None:
    hypothesis, source = write(tmp_path / "h", ["a", "", "c\u2028d"]), write(tmp_path / "s", ["A", "B", "C"])
    references = [write(tmp_path / "r1", ["1", "2", "3"]), write(tmp_path / "r2", ["i", "ii", "iii"])]
    [hypotheses] = hypotheses_of([hypothesis], Given("fr", "de", references, source))
    assert list(hypotheses.lines) == [
        HypothesisLine("a", "A", ("1", "i")),
        HypothesisLine("", "B", ("2", "ii")),
        HypothesisLine("c\u2028d", "C", ("3", "iii")),
    ]
    assert (hypotheses.target, hypotheses.source, hypotheses.path) == (
        Language("fr"),
        Language("de"),
        hypothesis,
    )


def test_a_response_of_several_lines_is_a_hypothesis_of_one(tmp_path: Path) -> None:
    hypothesis = write(tmp_path / "h.jsonl", [r'{"text": "a\n b"}', r'{"text": "c"}'])
    [hypotheses] = hypotheses_of([hypothesis], Given("fr"))
    first, second = hypotheses.lines
    assert (first.text, first.whole) == ("a b", "a\n b")
    assert (second.text, second.whole) == ("c", "c")


def test_a_file_is_opened_when_its_lines_are_read(tmp_path: Path) -> None:
    """So that of many large files one at a time is in memory, and of it a line at a time."""
    [hypotheses] = hypotheses_of([str(tmp_path / "absent")], Given("fr"))
    with pytest.raises(UserError, match="no file"):
        next(iter(hypotheses.lines))


def test_standard_input_is_read_as_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    class Endless(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, buffer: bytearray) -> int:
            buffer[:4] = "é.\n".encode()
            return 4

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(Endless())))
    [hypotheses] = hypotheses_of(["-"], Given("fr"))
    lines = iter(hypotheses.lines)
    assert [next(lines).text for _ in range(3)] == ["é."] * 3


@pytest.mark.parametrize(("n", "m"), [(5, 3), (3, 5)])
def test_counts_are_those_of_the_whole_files(tmp_path: Path, n: int, m: int) -> None:
    hypothesis, source = write(tmp_path / "h", ["a"] * n), write(tmp_path / "s", ["b"] * m)
    [hypotheses] = hypotheses_of([hypothesis], Given("fr", "de", (), source))
    with pytest.raises(UserError, match=f"'{hypothesis}' has {n} lines but '{source}' has {m}"):
        list(hypotheses.lines)


def test_references_of_one_file_are_split_at_tabs_as_by_sacrebleu(tmp_path: Path) -> None:
    """The last one takes what is left, tabs too; white space at the end of a line is none."""
    hypothesis = write(tmp_path / "h", ["a", "b"])
    references = write(tmp_path / "r", ["1\ti\tx ", " 2\t ii"])
    [hypotheses] = hypotheses_of([hypothesis], Given("fr", references=[references], num_refs=2))
    assert [line.references for line in hypotheses.lines] == [("1", "i\tx"), (" 2", " ii")]


@pytest.mark.parametrize("lines", [["1\ti", "2"], ["1\ti", "2\t"]])
def test_a_line_with_fewer_references_is_named(tmp_path: Path, lines: list[str]) -> None:
    hypothesis, reference = write(tmp_path / "h", ["a", "b"]), write(tmp_path / "r", lines)
    [hypotheses] = hypotheses_of([hypothesis], Given("fr", references=[reference], num_refs=2))
    with pytest.raises(UserError, match="r', line 2 has 1 reference but --num-refs is 2; separate them by"):
        list(hypotheses.lines)


def test_references_can_be_split_of_one_file_only() -> None:
    for references in ([], ["a", "b"]):
        with pytest.raises(UserError, match="--num-refs 3 splits each line of a single --reference at tabs"):
            hypotheses_of(["h"], Given("fr", references=references, num_refs=3))
    with pytest.raises(UserError, match="--test-set wmt22 has its own"):
        hypotheses_of(["h"], Given(test_set="wmt22", direction="de-fr", num_refs=3))


@pytest.mark.parametrize(
    "given", [Given("de", "deu_Latn"), Given("no", "nb"), Given(test_set="wmt22", direction="de-de")]
)
def test_a_direction_leads_from_one_language_into_another(given: Given) -> None:
    with pytest.raises(UserError, match=r"--from and --to are both (de|no|nb); give two|language twice"):
        hypotheses_of(["h"], given)
    assert hypotheses_of(["h"], Given("zh-Hant", "zh-Hans"))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (Given("en-de"), "--to 'en-de' looks like a direction; write --from en --to de"),
        (Given("it,en-de"), "--to 'en-de' looks like a direction"),
        (Given("de", "en-de"), "--from 'en-de' looks like a direction; write --from en --to de"),
    ],
)
def test_a_direction_is_not_a_language(given: Given, message: str) -> None:
    with pytest.raises(UserError, match=message):
        hypotheses_of(["h"], given)
    assert hypotheses_of(["h"], Given("pt-br"))[0].target == Language("pt-BR")
