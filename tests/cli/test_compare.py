import csv
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ontarget.cli.app import app
from ontarget.scoring.off_target import outcomes
from ontarget.scoring.outcome import NOT_OFF
from ontarget.scoring.scorecard import Scorer
from ontarget.scoring.significance import holm

FRENCH = ["Le chat dort sur le canapé.", "Nous allons à la mer demain.", "Le pain est encore chaud."] * 5
GERMAN = ["Die Katze schläft auf dem Sofa.", "Wir fahren morgen ans Meer.", "Das Brot ist noch warm."] * 5
ENGLISH = ["The cat sleeps on the sofa.", "We are going to the sea tomorrow.", "Bread is still warm."] * 5
TEXT = {"fr": FRENCH, "de": GERMAN}

Write = Callable[[str, list[str]], str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to_file(name: str, lines: list[str]) -> str:
        (tmp_path / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return str(tmp_path / name)

    return to_file


def make_run(folder: Path, wrong: dict[str, int]) -> str:
    """A run directory: each system answers so many lines of each direction in English."""
    for system, count in wrong.items():
        for direction in ("de-fr", "fr-de"):
            source, target = (TEXT[code] for code in direction.split("-"))
            rows = [
                {"source": s, "reference": t, "text": e if number < count else t}
                for number, (s, t, e) in enumerate(zip(source, target, ENGLISH, strict=True))
            ]
            file = folder / "outputs" / system / f"{direction}.jsonl"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(folder)


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["compare", *arguments], env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    return result.stdout


def error(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["compare", *arguments], env={"COLUMNS": "200"})
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1
    return result.stderr


def test_files_against_the_first(write: Write) -> None:
    worse, better = write("a.fr", ENGLISH[:12] + FRENCH[12:]), write("b.fr", ENGLISH[:2] + FRENCH[2:])
    reference = write("ref.fr", FRENCH)
    arguments = [worse, better, "--to", "fr", "--reference", reference, "--metrics", "bleu", "--json"]
    rows = {(row["metric"], row["system"]): row for row in json.loads(run(*arguments))}
    assert list(rows) == [
        (metric, name) for metric in ("bleu", "bleu_on_target", "otr") for name in (worse, better)
    ]
    otr = rows["otr", better]
    assert (rows["otr", worse]["value"], otr["value"]) == (80.0, pytest.approx(200 / 15))
    assert otr["difference"] == pytest.approx(-1000 / 15)
    assert otr["low"] < otr["difference"] < otr["high"] < 0
    assert 0.0001 <= otr["p"] == otr["p_holm"] < 0.01
    assert rows["otr", worse]["difference"] is None
    assert json.loads(run(*arguments)) == list(rows.values())  # the same seed, the same figures
    assert json.loads(run(*arguments, "--seed", "7")) != list(rows.values())


def test_files_with_other_keys_are_compared(write: Write) -> None:
    ours = write("a.jsonl", [json.dumps({"answer": text, "label": "x"}) for text in ENGLISH[:3]])
    theirs = write("b.jsonl", [json.dumps({"said": text}) for text in FRENCH[:3]])
    told = write("c.txt", [json.dumps({"predict": text}) for text in FRENCH[:3]])
    plain = write("d", FRENCH[:3])
    keys = ["--key", "answer", "--key", "said", "--key", "predict"]
    rows = json.loads(run(ours, theirs, told, plain, "--to", "fr", *keys, "--json"))
    assert [(row["system"], row["value"]) for row in rows] == [
        (ours, 100.0),
        (theirs, 0.0),
        (told, 0.0),
        (plain, 0.0),
    ]
    assert "no key is known as the hypothesis; choose one with --key NAME" in error(plain, ours, "--to", "fr")
    short = write("short", FRENCH[:1])
    assert f"'{plain}' has 3 lines but '{short}' has 1; line n" in error(plain, short, "--to", "fr")
    assert f"'{short}' has 1 line but '{plain}' has 3; line n" in error(short, plain, "--to", "fr")


def test_a_run_compares_its_systems_with_mt(tmp_path: Path) -> None:
    run_directory = make_run(tmp_path / "run", {"base": 14, "mt": 13, "ontarget": 1})
    table = run(run_directory, "--metrics", "chrf")
    assert table.count("baseline") == 3  # chrF, chrF on target, OTR
    [row] = [line for line in table.split("\n") if line.split()[:2] == ["OTR", "ontarget"]]
    assert row.split()[2:4] == ["6.67", "-80.00*"]
    [row] = [line for line in table.split("\n") if line.split()[:2] == ["OTR", "base"]]
    assert "*" not in row
    assert "mean of de-fr, fr-de" in table
    assert "test:approximate-randomisation|trials:10000|seed:12345|adjusted:holm|tests:2" in table


def test_a_run_may_have_the_former_id_of_a_system(tmp_path: Path) -> None:
    directory = make_run(tmp_path / "run", {"llama": 14, "mt": 13})
    rows = json.loads(run(directory, "--metrics", "chrf", "--json"))
    assert {row["system"] for row in rows} == {"base", "mt"}
    command = ["compare", directory, "--metrics", "chrf", "--json", "--baseline"]
    now, former = (CliRunner().invoke(app, [*command, baseline]) for baseline in ("base", "llama"))
    assert (now.stderr, former.stderr) == ("", "note: the system llama is now called base\n")
    assert former.stdout == now.stdout
    assert [row["system"] for row in json.loads(now.stdout) if row["difference"] is None] == ["base"] * 3


def test_each_direction_beside_the_mean(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", {"base": 14, "mt": 13, "ontarget": 1})
    arguments = [folder, "--metrics", "bleu", "--by-direction"]
    rows = json.loads(run(*arguments, "--json"))
    assert list(dict.fromkeys(row["group"] for row in rows)) == ["mean of de-fr, fr-de", "de-fr", "fr-de"]
    of_otr = [row for row in rows if row["metric"] == "otr" and row["p"] is not None]
    assert len(of_otr) == 2 * 3
    assert [row["p_holm"] for row in of_otr] == holm([row["p"] for row in of_otr])
    assert [row["p_bootstrap_holm"] for row in of_otr] == holm([row["p_bootstrap"] for row in of_otr])
    assert any(row["p_bootstrap_holm"] > row["p_bootstrap"] for row in of_otr)
    text = run(*arguments, "--markdown").partition("**de-fr**")[2].partition("**fr-de**")[0]
    titles, _, *cells = ([cell.strip() for cell in line.split("|")] for line in text.split("\n") if line)
    [printed] = [dict(zip(titles, row, strict=True)) for row in cells if row[1:3] == ["OTR", "ontarget"]]
    [row] = [row for row in of_otr if (row["group"], row["system"]) == ("de-fr", "ontarget")]
    assert printed["p (Holm)"] == f"{row['p_holm']:.4f}"
    assert printed["bootstrap p (Holm)"] == f"{row['p_bootstrap_holm']:.4f}"
    assert "adjusted:holm|tests:6" in run(*arguments)


def test_the_kinds_of_a_run_are_groups(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", {"mt": 9, "ontarget": 1})
    scores = [
        {"system": "mt", "direction": d, "kind": kind, "metric": "bleu", "value": 1, "n": 1, "signature": ""}
        for d, kind in (("de-fr", "zero-shot"), ("fr-de", "supervised"))
    ]
    (tmp_path / "run" / "scores.json").write_text(json.dumps(scores), encoding="utf-8")
    rows = json.loads(run(folder, "--metrics", "bleu", "--json"))
    assert list(dict.fromkeys(row["group"] for row in rows)) == ["zero-shot (de-fr)", "supervised (fr-de)"]


def test_seeds_give_mean_and_deviation(tmp_path: Path) -> None:
    runs = [make_run(tmp_path / f"seed{k}", {"mt": 12 - k, "ontarget": k}) for k in range(3)]
    text = run("--seeds", *runs, "--metrics", "bleu", "--csv")
    rows = {(row["metric"], row["system"]): row for row in csv.DictReader(io.StringIO(text))}
    assert float(rows["otr", "ontarget"]["value"]) == pytest.approx(100 / 15)
    assert float(rows["otr", "ontarget"]["deviation"]) == pytest.approx(100 / 15)
    assert float(rows["otr", "ontarget"]["difference"]) == pytest.approx(-1000 / 15)
    apart = json.loads(run(*runs[:2], "--metrics", "bleu", "--json", "--baseline", "seed0/mt"))
    assert {row["system"] for row in apart} == {"seed0/mt", "seed0/ontarget", "seed1/mt", "seed1/ontarget"}


@pytest.mark.parametrize(("seeds", "starred"), [(2, False), (3, True)])
def test_two_seeds_are_too_few_for_a_star(tmp_path: Path, seeds: int, starred: bool) -> None:
    runs = [make_run(tmp_path / f"seed{k}", {"mt": 13, "ontarget": 1}) for k in range(seeds)]
    text = run("--seeds", *runs, "--metrics", "bleu")
    [row] = [line for line in text.split("\n") if line.split()[:2] == ["OTR", "ontarget"]]
    assert float(row.split()[-2]) < 0.05  # whatever the number of seeds
    assert ("-80.00*" in row) == starred
    assert ("no difference is marked by *, which needs three seeds or more" in text) == (not starred)


@pytest.mark.parametrize(("flag", "sign"), [("--markdown", "| OTR "), ("--latex", "\\toprule")])
def test_forms_for_a_paper(tmp_path: Path, flag: str, sign: str) -> None:
    folder = make_run(tmp_path / "run", {"mt": 9, "ontarget": 1})
    text = run(folder, "--metrics", "bleu", flag)
    assert sign in text
    assert "seed:12345" in text


def test_comet_is_compared_too(write: Write, comet_environment: Path) -> None:
    arguments = ["--reference", write("ref", FRENCH), "--source", write("src", GERMAN), "--from", "de"]
    copies, good = write("copies.fr", GERMAN), write("good.fr", FRENCH)
    model = ["--comet", "Unbabel/wmt22-comet-da", "--comet-env", str(comet_environment)]
    rows = json.loads(run(copies, good, "--to", "fr", *arguments, *model, "--metrics", "bleu", "--json"))
    difference = {row["metric"]: row["difference"] for row in rows if row["system"] == good}
    assert difference["comet"] < 0 < difference["comet_on_target"]


def test_what_cannot_be_compared_is_one_sentence(tmp_path: Path, write: Write) -> None:
    one = write("one.fr", FRENCH)
    folder = make_run(tmp_path / "run", {"mt": 9, "ontarget": 1})
    assert "nothing to compare" in error(one, "--to", "fr")
    assert "is given twice" in error(one, one, "--to", "fr")
    assert "is given twice" in error(one, one)
    assert "--to is missing" in error(write("one", FRENCH), one)
    assert "seed=9' is not a run" in error(
        "--seeds", folder, str(tmp_path / "seed=9")
    )  # and not that --to is missing
    assert "has 15 lines but" in error(one, write("two.fr", FRENCH[:3]), "--to", "fr")
    assert "did you mean 'mt'" in error(folder, "--baseline", "nt")
    assert "'-' is given twice, but standard input can be read only once" in error("-", "-", "--to", "fr")
    assert "cannot be combined; give one kind" in error(folder, one)
    assert "--json and --csv cannot be combined; choose one" in error(folder, "--json", "--csv")
    assert "'blue' cannot be compared; choose from bleu, chrf" in error(folder, "--metrics", "blue")


def test_seeds_of_one_run_are_refused_before_it_is_scored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_run(tmp_path / "run", {"mt": 9, "ontarget": 1})
    monkeypatch.setattr(Scorer, "card", lambda *_: pytest.fail("it was scored"))
    for same in ([folder], [folder, f"{folder}/"]):
        assert "--seeds needs the directories of several runs" in error("--seeds", *same)


def test_each_identifier_and_their_agreement_are_tested(write: Write) -> None:
    worse, better = ENGLISH[:10] + GERMAN[10:12] + FRENCH[12:], FRENCH[:12] + ENGLISH[12:]
    script = "import sys; [print('fr' if ' the ' in f' {line} ' else 'de') for line in sys.stdin]"
    program = write("lid.py", [script])  # takes English with an article for French, and French for German
    files = [write("a.fr", worse), write("b.fr", better)]
    given = [*files, "--to", "fr", "--lid", f"lid.176,cmd: '{sys.executable}' '{program}'"]
    rows = {(row["metric"].split("@")[0], row["system"]): row for row in json.loads(run(*given, "--json"))}
    names = ["otr", "otr_by_cmd:" + Path(sys.executable).name, "otr_agreed"]
    assert list(rows) == [(name, file) for name in names for file in files]
    for file, texts in zip(files, (worse, better), strict=True):
        first = [outcome not in NOT_OFF for outcome in outcomes(texts, "fr")]
        second = [" the " not in f" {text.lower()} " for text in texts]
        both = [one and other for one, other in zip(first, second, strict=True)]
        for name, off in zip(names, (first, second, both), strict=True):
            assert rows[name, file]["value"] == pytest.approx(100 * sum(off) / 15)
    observed = [rows[name, files[1]]["difference"] for name in names]
    assert observed == [
        pytest.approx(rows[name, files[1]]["value"] - rows[name, files[0]]["value"]) for name in names
    ]
    assert observed[0] < 0 < observed[1]
    assert "OTR agreed|lid:lid.176.ftz&cmd:" in run(*given)


def test_otr_in_the_list_of_metrics_leaves_out_on_target_forms(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", {"mt": 13, "ontarget": 1})
    given = [folder, "--metrics", "bleu,otr"]
    rows = json.loads(run(*given, "--json"))
    assert list(dict.fromkeys(row["metric"] for row in rows)) == ["bleu", "otr"]
    assert rows == [
        row
        for row in json.loads(run(folder, "--metrics", "bleu", "--json"))
        if row["metric"] in ("bleu", "otr")
    ]
    latex = run(*given, "--latex")
    assert "on target" not in latex
    assert "$-$80.00* &" in latex
    assert {row["metric"] for row in json.loads(run(folder, "--metrics", "otr", "--json"))} == {"otr"}
