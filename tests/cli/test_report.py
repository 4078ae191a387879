"""`ontarget report`."""

from pathlib import Path

import pytest
from tests.reporting.conftest import write_run, write_second_test
from tests.reporting.test_sweep import _write
from typer.testing import CliRunner

from ontarget.cli.app import app


def report(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["report", *arguments], env={"COLUMNS": "200"})
    return done.exit_code, done.output


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("one", "two"):
        write_run(tmp_path / "runs" / name)
    return tmp_path / "runs"


def test_a_run_by_its_name_gets_its_page(runs: Path) -> None:
    assert report("one") == (0, "runs/one/report.html\n")
    assert "</html>" in (runs / "one" / "report.html").read_text(encoding="utf-8")
    assert not (runs / "two" / "report.html").exists()


def test_several_runs_are_compared_on_a_page_of_their_own(runs: Path) -> None:
    code, output = report("one", str(runs / "two"))
    assert code == 0
    assert output.index("MT, one") < output.index("MT, two") < output.index("Post-ins, one")
    assert not list(runs.glob("*/report.html"))
    assert output.endswith("comparison.html\n")
    assert "Comparison of 2 runs" in Path("comparison.html").read_text(encoding="utf-8")
    assert report("one", "two", "--page", "mine.html")[1].endswith("mine.html\n")
    assert report("one", "two", "--markdown")[1].startswith("Averages of one, two\n\n| System |")


def test_several_runs_have_figures(runs: Path) -> None:
    code, output = report("one", "two", "--figures", "figures")
    assert code == 0
    assert {"figures/runs-otr-zero-shot.svg", "figures/one/scores.svg"} <= set(output.split())


def test_tables_in_markdown_and_latex(runs: Path) -> None:
    code, output = report("one", "--markdown")
    assert code == 0
    assert output.startswith("Averages over 6 zero-shot and 6 supervised directions\n\n| System |")
    assert "Zero-shot directions\n\n| System | it→nl BLEU ↑ |" in output
    code, output = report("one", "two", "--latex")
    assert code == 0
    assert output.count("\\begin{table}") == 1
    assert "MT, one & " in output


def test_the_second_test_has_the_last_table_of_a_run_and_of_a_comparison(runs: Path) -> None:
    write_second_test(runs / "one")
    for arguments in (["one", "--markdown"], ["one", "two", "--markdown"], ["one", "--latex"]):
        code, output = report(*arguments)
        assert code == 0
        assert output.count("Second test, everyday sentences: averages") == 1
    last = report("one", "--markdown")[1].rpartition("Second test")[2]
    assert "| ontarget | **9.7** | **4.0**† | 2.0 |" in last
    assert last.count("| reference (floor) |") == 1
    assert "Second test" not in report("two", "--markdown")[1]


def test_figures_go_into_a_folder(runs: Path) -> None:
    code, output = report("one", "--figures", "figures", "--format", "png")
    assert code == 0
    names = {path.name for path in Path("figures").iterdir()}
    assert {"scores.png", "off-target-bleu.png", "confusion.png", "training-lat.png"} <= names
    assert set(output.split()) == {f"figures/{name}" for name in names}
    assert not (runs / "one" / "report.html").exists()


def test_a_sweep_has_figures(tmp_path: Path) -> None:
    folder = _write(tmp_path, [{"stages.lat.alpha": alpha} for alpha in (0.01, 0.3)])
    code, output = report(str(folder), "--figures", str(tmp_path / "figures"))
    assert code == 0
    assert output.split() == [
        str(tmp_path / "figures" / f"alpha-{kind}.svg") for kind in ("zero-shot", "supervised")
    ]
    code, output = report(str(folder))
    assert code == 0
    assert "alpha 0.01, LAT" in output
    code, output = report(str(folder), str(folder), "--markdown")
    assert code == 2
    assert "is a sweep, which cannot be combined with other runs" in output


def test_mistakes_are_one_sentence(runs: Path) -> None:
    code, output = report("onne")
    assert (code, output.count("\n")) == (2, 1)
    assert "there is no run 'onne'" in output
    assert "did you mean 'one'?" in output
    code, output = report("one", "--markdown", "--latex")
    assert code == 2
    assert "cannot be combined; choose one" in output
    (runs / "one" / "scores.json").unlink()
    code, output = report("one")
    assert code == 2
    assert "scores.json is missing" in output


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("one", "--format", "pdf"), "--format pdf needs --figures; add --figures DIR"),
        (("one", "--page", "x.html"), "--page needs several runs"),
        (("one", "two", "--page", "runs/one/scores.json"), "is in the input folder"),
        (("one", "two", "--markdown", "--page", "x.html"), "--page needs several runs"),
    ],
)
def test_an_option_that_would_do_nothing_is_a_mistake(
    runs: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    code, output = report(*arguments)
    assert code == 2
    assert sentence in output
    assert not Path("x.html").exists()


def test_results_that_ship_with_a_recipe_need_no_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code, output = report("smollm2-tuning", "--markdown")
    assert code == 0, output
    said = "points of smollm2-tuning ship with ontarget; 'ontarget run smollm2-tuning' runs the others"
    assert said in output
    assert "| samples 960, learning\\_rate 0.001 | 0.2 | 99.7 |" in output
    assert report("smollm2-tuning", "--markdown")[1] in output  # the second time there is a directory
    code, output = report("smollm2-final")
    assert code == 0, output
    assert "†" in output  # with tests of significance
