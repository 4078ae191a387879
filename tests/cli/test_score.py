import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ontarget.cli.app import app
from ontarget.languages import Language
from ontarget.scoring.bleu import bleu, chrf
from ontarget.scoring.off_target import off_target_ratio

GERMAN = ["Die Katze schläft auf dem Sofa.", "Wir fahren morgen ans Meer.", "Das Brot ist noch warm."]
FRENCH = ["Le chat dort sur le canapé.", "Nous allons à la mer demain.", "Le pain est encore chaud."]
ANSWERS = ["Le chat dort sur le sofa.", "We are going to the sea tomorrow.", "Das Brot ist noch warm."]

Write = Callable[[str, list[str]], str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to_file(name: str, lines: list[str]) -> str:
        data = "".join(f"{line}\n" for line in lines).encode()
        (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return str(tmp_path / name)

    return to_file


def run(*arguments: str, stdin: str | None = None) -> str:
    result = CliRunner().invoke(app, ["score", *arguments], input=stdin, env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    return result.stdout


def error(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["score", *arguments], env={"COLUMNS": "200"})
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1
    return result.stderr


def test_json_without_a_reference_is_the_off_target_ratio_alone(write: Write) -> None:
    hypothesis = write("answers.txt", ANSWERS)
    printed = json.loads(run(hypothesis, "--to", "fr", "--json"))
    score = off_target_ratio(ANSWERS, "fr")
    assert list(printed) == ["hypothesis", "otr", "breakdown"]
    assert printed["otr"] == {
        "value": 200 / 3,
        "n": 3,
        "signature": score.signature,
        "low": score.interval.low,
        "high": score.interval.high,
    }
    assert "source" not in printed["breakdown"]  # whose language nobody said


def test_json_with_a_reference(write: Write) -> None:
    hypothesis, reference = write("answers.txt", ANSWERS), write("test.fr.gz", FRENCH)
    printed = json.loads(run(hypothesis, "--reference", reference, "--to", "fr", "--json"))
    assert list(printed) == [
        "hypothesis",
        "bleu",
        "bleu_on_target",
        "chrf",
        "chrf_on_target",
        "otr",
        "otr_floor",
        "breakdown",
    ]
    assert printed["bleu_on_target"]["value"] < printed["bleu"]["value"]
    expected = {
        "bleu": bleu(ANSWERS, FRENCH, Language("fr")),
        "chrf": chrf(ANSWERS, FRENCH),
        "otr": off_target_ratio(ANSWERS, "fr"),
        "otr_floor": off_target_ratio(FRENCH, "fr"),
    }
    for key, score in expected.items():
        assert printed[key] | {"value": score.value, "n": 3, "signature": score.signature} == printed[key]
    assert printed["otr_floor"]["value"] == 0.0


def test_several_hypotheses_are_a_list_in_the_order_given(write: Write) -> None:
    names = [write("b.txt", GERMAN), write("a.txt", FRENCH)]
    printed = json.loads(run(*names, "--to", "fr", "--json"))
    assert [(row["hypothesis"], row["otr"]["value"]) for row in printed] == [
        (names[0], 100.0),
        (names[1], 0.0),
    ]


def test_with_the_source_it_says_where_the_lines_went(write: Write) -> None:
    arguments = [
        write("answers.txt", ANSWERS),
        "--source",
        write("test.de", GERMAN),
        "--from",
        "de",
        "--to",
        "fr",
    ]
    printed = json.loads(run(*arguments, "--json"))
    assert {k: n for k, n in printed["breakdown"].items() if n} == {"on": 1, "copy": 1, "english": 1}


def test_reads_standard_input_as_it_reads_a_file(write: Write) -> None:
    by_file = json.loads(run(write("answers.txt", ANSWERS), "--to", "fr", "--json"))
    by_pipe = json.loads(run("-", "--to", "fr", "--json", stdin="\n".join(ANSWERS)))
    assert by_pipe == by_file | {"hypothesis": "-"}


def test_an_empty_line_counts(write: Write) -> None:
    printed = json.loads(run(write("a.txt", [FRENCH[0], "", "", FRENCH[2]]), "--to", "fr", "--json"))
    assert (printed["otr"]["value"], printed["otr"]["n"]) == (50.0, 4)


def test_another_identifier_stands_in_the_signature(write: Write) -> None:
    hypothesis = write("answers.txt", ANSWERS)
    assert "no language identification model" in error(hypothesis, "--to", "fr", "--lid", hypothesis + ".bin")
    assert "no fastText model" in error(hypothesis, "--to", "fr", "--lid", hypothesis)


def test_the_table_shows_the_scores_and_under_it_their_signatures(write: Write) -> None:
    arguments = [
        write("answers.txt", ANSWERS),
        "--reference",
        write("test.fr", FRENCH),
        "--to",
        "fr",
        "--from",
        "de",
    ]
    table = run(*arguments)
    [row] = [line for line in table.split("\n") if "answers.txt" in line and "." in line.split()[-1]]
    numbers = [float(number) for number in row.split()[1:]]
    expected = [bleu(ANSWERS, FRENCH, Language("fr")), chrf(ANSWERS, FRENCH)]
    assert numbers == [*(round(score.value, 2) for score in expected), 66.67, 0.0]
    for score in [*expected, off_target_ratio(ANSWERS, "fr")]:
        assert f"\n{score.settings}\n" in table
    assert "empty" in table


def test_line_counts_that_differ_name_both_files_and_counts(write: Write) -> None:
    hypothesis, reference = write("answers.txt", ANSWERS), write("test.fr", FRENCH[:2])
    message = error(hypothesis, "--reference", reference, "--to", "fr")
    assert f"'{hypothesis}' has 3 lines but '{reference}' has 2" in message
    message = error(hypothesis, "--source", reference, "--from", "de", "--to", "fr")
    assert f"'{hypothesis}' has 3 lines but '{reference}' has 2" in message


def test_a_file_that_is_not_utf8_names_file_line_and_byte(tmp_path: Path) -> None:
    (tmp_path / "latin.txt").write_bytes("Le chat.\nLe canapé.\n".encode("latin-1"))
    message = error(str(tmp_path / "latin.txt"), "--to", "fr")
    assert "latin.txt" in message
    assert "line 2, byte 17" in message


def test_an_empty_file_and_a_missing_file_are_named(write: Write, tmp_path: Path) -> None:
    assert "empty.txt' is empty" in error(write("empty.txt", []), "--to", "fr")
    assert "absent.txt" in error(str(tmp_path / "absent.txt"), "--to", "fr")


def test_an_unknown_language_names_the_nearest(write: Write) -> None:
    hypothesis = write("answers.txt", ANSWERS)
    assert "unknown language 'Frensh'; did you mean fr (French)" in error(hypothesis, "--to", "Frensh")
    assert "unknown language 'qq'" in error(hypothesis, "--to", "fr", "--from", "qq")


def test_a_source_needs_its_language(write: Write) -> None:
    assert "--source needs --from" in error(write("a", ANSWERS), "--to", "fr", "--source", write("s", GERMAN))
