"""`ontarget score --metrics lpr,wpr,lcpr`, `--lcb` and `--english-words`."""

import gzip
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ontarget.cli.app import app

RUSSIAN = "Сегодня утром пекарь открыл свою лавку раньше обычного."
FRENCH = "La boulangère a ouvert sa boutique avant le lever du soleil."
ENGLISH = "The baker opened her shop before the sun came up."
ADDRESS = f"{RUSSIAN} Смотрите www.bakery.example сегодня."
RESPONSES = [RUSSIAN, f"{RUSSIAN}\n{ENGLISH}", f"{RUSSIAN} Там bakery и хлеб.", ADDRESS]


def score(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["score", *arguments], env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    return result.stdout


def error(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["score", *arguments], env={"COLUMNS": "200"})
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1
    return result.stderr


@pytest.fixture
def responses(tmp_path: Path) -> str:
    path = tmp_path / "responses.jsonl"
    path.write_text("".join(f"{json.dumps({'response': one})}\n" for one in RESPONSES), encoding="utf-8")
    return str(path)


@pytest.fixture
def words(tmp_path: Path) -> str:
    path = tmp_path / "words.gz"
    path.write_bytes(gzip.compress(b"Bread\nbread\nbakery\nwwwbakeryexample\n"))
    return str(path)


def values(printed: str) -> dict[str, float]:
    row = json.loads(printed)
    return {name: round(row[name]["value"], 2) for name in ("lpr", "wpr", "lcpr") if name in row}


def test_lines_of_a_response_are_judged_one_by_one(responses: str) -> None:
    """The second response is Russian as a whole; its second line is not."""
    found = values(score(responses, "--to", "ru", "--metrics", "lpr,wpr,lcpr", "--json"))
    assert found == {"lpr": 75.0, "wpr": 66.67, "lcpr": 70.59}


def test_by_the_benchmark_an_address_is_a_word(responses: str, words: str) -> None:
    own = values(score(responses, "--to", "ru", "--metrics", "wpr", "--english-words", words, "--json"))
    assert own == {"wpr": 66.67}
    theirs = score(responses, "--to", "ru", "--lcb", "--english-words", words, "--json")
    assert values(theirs) == {"lpr": 75.0, "wpr": 33.33, "lcpr": 46.15}
    assert "|rules:lcb|tokens:blanks|english:list-of-3@" in json.loads(theirs)["wpr"]["signature"]
    assert list(values(score(responses, "--to", "ru", "--lcb", "--metrics", "lpr", "--json"))) == ["lpr"]


def test_csv_of_the_benchmark_is_scored_as_it_is(tmp_path: Path, responses: str) -> None:
    path = tmp_path / "model.csv"
    rows = "".join(f'{number},m,"{one}",monolingual,own,ru\n' for number, one in enumerate(RESPONSES))
    path.write_text(f"id,model,completion,task,source,language\n{rows}", encoding="utf-8")
    of_csv, of_json = (
        values(score(file, "--to", "ru", "--lcb", "--json")) for file in (str(path), responses)
    )
    assert of_csv == of_json == {"lpr": 75.0}


def test_a_metric_that_is_missing_says_why(tmp_path: Path, responses: str) -> None:
    french, short = tmp_path / "french.txt", tmp_path / "short.txt"
    french.write_text(f"{FRENCH}\n", encoding="utf-8")
    short.write_text("Oui.\n", encoding="utf-8")
    printed = score(str(french), str(short), "--to", "fr", "--metrics", "lpr,wpr")
    assert f"no WPR of {french}: letters do not show the language of words in Latin script\n" in printed
    assert f"no LPR, WPR of {short}: no response has a line of 5 words\n" in printed
    assert "no WPR, LCPR: it needs a list of English words" in score(responses, "--to", "ru", "--lcb")
    [_, of_short] = json.loads(score(str(french), str(short), "--to", "fr", "--metrics", "lpr", "--json"))
    assert of_short["missing"] == {"lpr": "no response has a line of 5 words"}
    assert "missing" not in json.loads(score(str(french), "--to", "fr", "--json"))


def test_a_mean_is_over_the_directions_that_have_the_figure(tmp_path: Path) -> None:
    folder = tmp_path / "outputs" / "mt"
    folder.mkdir(parents=True)
    for direction, texts in {"de-ru": RESPONSES, "de-fr": [FRENCH, ENGLISH]}.items():
        rows = "".join(f"{json.dumps({'text': text, 'source': 'x'})}\n" for text in texts)
        (folder / f"{direction}.jsonl").write_text(rows, encoding="utf-8")
    printed = score(str(tmp_path / "outputs"), "--metrics", "lpr,wpr", "--markdown")
    _, _, means = printed.partition("mean over directions")
    header, _, row = [line for line in means.split("\n") if line.startswith("|")][:3]
    cells = dict(
        zip(*([cell.strip() for cell in line.split("|")[1:-1]] for line in (header, row)), strict=True)
    )
    assert (cells["directions"], cells["LPR"], cells["WPR"]) == ("2", "62.50", "66.67 (1)")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--english-words", "WORDS"], "--english-words is used only for wpr and lcpr; add --metrics"),
        (["--english-words", "WORDS", "--metrics", "lpr"], "--english-words is used only for wpr and lcpr"),
        (["--lcb", "--english-words", "absent"], "there is no file 'absent'"),
        (["--lcb", "--metrics", "wrp"], "there is no metric 'wrp'; did you mean 'wpr'"),
        (["--lcb", "--english-words", "WORDS", "--lines", "WORDS"], "would be overwritten"),
    ],
)
def test_a_mistake_is_one_sentence(responses: str, words: str, options: list[str], told: str) -> None:
    given = [words if option == "WORDS" else option for option in options]
    assert told in error(responses, "--to", "ru", *given)
