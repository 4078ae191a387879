import bz2
import csv
import gzip
import io
import json
import lzma
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sacrebleu.metrics import BLEU, CHRF
from typer.testing import CliRunner

from ontarget.cli.app import app
from ontarget.corpora import sacrebleu_sets
from ontarget.languages import Language
from ontarget.scoring import scorecard
from ontarget.scoring.metrics import sacrebleu as scoring_metrics
from ontarget.scoring.metrics.bleu import bleu, chrf
from ontarget.scoring.off_target import off_target_ratio

GERMAN = ["Die Katze schläft auf dem Sofa.", "Wir fahren schon morgen ans Meer.", "Das Brot ist noch warm."]
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
    assert list(printed) == ["hypothesis", "otr", "otr_unsure", "breakdown", "other_languages"]
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
        "otr_unsure",
        "otr_floor",
        "breakdown",
        "other_languages",
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


def test_systems_with_other_numbers_of_lines_are_named(write: Write) -> None:
    whole, cut = write("a.fr", FRENCH), write("b.fr", FRENCH[:1])
    said = f"{cut} has 1 line, {whole} has 3 lines: compare only scores of the same lines"
    assert said in run(whole, cut, "--to", "fr")
    assert "compare only" not in run(whole, write("d.fr", FRENCH), "--to", "fr")


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
    assert "is not a fastText model" in error(hypothesis, "--to", "fr", "--lid", hypothesis)


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
    assert [numbers[0], numbers[2]] == [round(score.value, 2) for score in expected]
    assert (numbers[1] < numbers[0], numbers[3] < numbers[2], numbers[4:]) == (True, True, [66.67, 0.0, 0.0])
    for score in [*expected, off_target_ratio(ANSWERS, "fr")]:
        assert f"\n{score.settings}\n" in table
    assert "english" in table
    assert "empty" not in table  # nothing is


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


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (["--key", "answer"], "--key"),
        (["--reference", "ref", "--reference-key", "label"], "--reference-key"),
        (["--source", "src", "--from", "de", "--source-key", "label"], "--source-key"),
    ],
)
def test_plain_text_has_no_keys(write: Write, arguments: list[str], option: str) -> None:
    files = {name: write(name, FRENCH) for name in ("hyp", "ref", "src")}
    given = [files.get(argument, argument) for argument in arguments]
    message = error(files["hyp"], "--to", "fr", *given)
    file = files[{"--key": "hyp", "--reference-key": "ref", "--source-key": "src"}[option]]
    assert message == f"error: '{file}' is plain text, which has no keys; omit {option}\n"
    both = [files["hyp"], write("b.jsonl", [json.dumps({"answer": "Le chat dort."})])]
    assert len(json.loads(run(*both, "--to", "fr", "--key", "answer", "--json"))) == 2


def make_run(folder: Path) -> str:
    """Two systems of a run: one answers in French, one in English."""
    rows = [{"source": s, "reference": r, "text": r} for s, r in zip(GERMAN, FRENCH, strict=True)]
    for system, text in (("good", None), ("bad", "We are going to the sea tomorrow.")):
        file = folder / "outputs" / system / "de-fr.jsonl"
        file.parent.mkdir(parents=True)
        answers = (row | {"text": text or row["text"]} for row in rows)
        file.write_text("".join(json.dumps(row) + "\n" for row in answers), encoding="utf-8")
    return str(folder)


def test_a_run_is_scored_without_another_word(tmp_path: Path) -> None:
    printed = json.loads(run(make_run(tmp_path / "run"), "--json"))
    assert [(row["system"], row["direction"], row["otr"]["value"]) for row in printed] == [
        ("bad", "de-fr", 100.0),
        ("good", "de-fr", 0.0),
    ]
    assert printed[1]["bleu"]["value"] == pytest.approx(100.0)
    assert printed[0]["hypothesis"] == str(tmp_path / "run" / "outputs" / "bad" / "de-fr.jsonl")
    assert json.loads(run(str(tmp_path / "run" / "outputs" / "good"), "--json"))["system"] == "good"


def test_a_run_of_several_directions_has_means(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run")
    assert "mean over directions" not in run(folder)
    rows = [{"source": s, "text": t} for s, t in zip(FRENCH, [*GERMAN[:2], FRENCH[0]], strict=True)]
    for system in ("good", "bad"):
        file = tmp_path / "run" / "outputs" / system / "fr-de.jsonl"
        file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    _, _, means = run(folder).partition("mean over directions")
    [good] = [line.split() for line in means.split("\n") if line.split()[:2] == ["good", "2"]]
    assert good[2:4] == ["100.00", "(1)"]  # BLEU has no reference in one of them
    assert "16.67" in good  # OTR, the mean of 0 and 33.33


def test_the_same_systems_of_two_runs_are_told_apart(tmp_path: Path) -> None:
    table = run(make_run(tmp_path / "1"), make_run(tmp_path / "2"), "--markdown")
    for number in ("1", "2"):
        assert str(tmp_path / number / "outputs" / "good") in table


def test_csv_has_a_line_a_score_in_full(write: Write) -> None:
    hypothesis, reference = write("a.txt", ANSWERS), write("r.txt", FRENCH)
    text = run(hypothesis, "--to", "fr", "--reference", reference, "--csv")
    rows = {row["metric"]: row for row in csv.DictReader(io.StringIO(text))}
    assert list(rows) == [
        "bleu",
        "bleu_on_target",
        "chrf",
        "chrf_on_target",
        "otr",
        "otr_unsure",
        "otr_floor",
    ]
    score = bleu(ANSWERS, FRENCH, Language("fr"))
    assert float(rows["bleu"]["value"]) == score.value
    assert rows["bleu"]["signature"] == score.signature
    assert rows["otr"]["hypothesis"] == hypothesis


def test_latex_and_markdown_escape_what_they_must(write: Write) -> None:
    hypothesis = write("my_hyp|1.txt", ANSWERS)
    latex = run(hypothesis, "--to", "fr", "--latex")
    assert "\\toprule" in latex
    assert "my\\_hyp\\textbar{}1.txt" in latex
    assert "OTR \\%" in latex
    assert "my_hyp\\|1.txt | " in run(hypothesis, "--to", "fr", "--markdown")


def test_other_metrics_and_their_intervals(write: Write) -> None:
    arguments = ["--reference", write("r", FRENCH), "--to", "fr", "--metrics", "chrf++,ter"]
    printed = json.loads(run(write("a", ANSWERS), *arguments, "--confidence", "--json"))
    assert list(printed)[1:5] == ["chrf++", "chrf++_on_target", "ter", "ter_on_target"]
    for key in ("chrf++", "ter", "otr", "otr_floor"):
        assert printed[key]["low"] <= printed[key]["value"] <= printed[key]["high"]
    assert "TER" in run(write("a", ANSWERS), *arguments, "--confidence")


def test_strict_counts_a_copy_that_looks_right(write: Write) -> None:
    lines = ["Paris, la ville lumière", "Le pain est chaud."]
    arguments = [write("a", lines), "--to", "fr", "--from", "de", "--json"]
    arguments += ["--source", write("s", [lines[0], "Das Brot ist warm."])]
    printed = json.loads(run(*arguments, "--strict"))
    assert (printed["otr"]["value"], printed["otr_strict"]["value"]) == (0.0, 50.0)
    assert printed["breakdown"]["copy"] == 1


def test_the_identifier_may_be_held_to_a_few_languages(write: Write) -> None:
    printed = json.loads(run(write("a", ANSWERS), "--to", "fr", "--languages", "de,fr,en", "--json"))
    assert "lid:lid.176.ftz/de+en+fr|" in printed["otr"]["signature"]
    assert "unknown language 'qq'" in error(write("a", ANSWERS), "--to", "fr", "--languages", "de,qq")


def test_comet_scores_in_its_own_environment(write: Write, comet_environment: Path) -> None:
    arguments = [write("a", ANSWERS), write("b", FRENCH), "--to", "fr", "--reference", write("r", FRENCH)]
    arguments += ["--source", write("s", GERMAN), "--from", "de", "--comet", "Unbabel/wmt22-comet-da"]
    printed = json.loads(run(*arguments, "--comet-env", str(comet_environment), "--json"))
    assert printed[0]["comet"]["value"] > printed[0]["comet_on_target"]["value"]
    assert printed[1]["comet"]["value"] == printed[1]["comet_on_target"]["value"]
    assert "version:2.2.6" in printed[0]["comet"]["signature"]
    table = run(*arguments, "--comet-env", str(comet_environment))
    assert f"{printed[0]['comet']['value']:.4f}" in table
    message = error(*arguments, "--comet-env", str(comet_environment / "none"))
    assert "python3 -m venv" in message
    assert "pip install unbabel-comet" in message


def test_a_test_set_brings_source_and_reference(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sacrebleu_sets, "read_test_set", lambda name, direction: (GERMAN, [FRENCH]))
    arguments = [write("a", ANSWERS), "-t", "wmt22", "-l", "de-fr"]
    printed = json.loads(run(*arguments, "--json"))
    assert printed["bleu"]["value"] == bleu(ANSWERS, FRENCH, Language("fr")).value
    assert printed["breakdown"]["copy"] == 1  # by its source
    message = error(write("short", ANSWERS[:2]), "--test-set", "wmt22", "--direction", "de-fr")
    assert "short' has 2 lines but 'wmt22 de-fr' has 3" in message


def test_predictions_of_other_tools_are_scored_as_plain_text_is(write: Write) -> None:
    rows = [
        json.dumps({"prompt": f"Translate: {asked}", "predict": said, "label": meant})
        for asked, said, meant in zip(GERMAN, ANSWERS, FRENCH, strict=True)
    ]
    plain, reference = write("a.txt", ANSWERS), write("ref.fr", FRENCH)
    expected = json.loads(run(plain, "--to", "fr", "--reference", reference, "--json"))
    for name in ("generated_predictions.jsonl", "de-fr.jsonl", "test.de-fr.jsonl.gz", "predictions.txt"):
        file = write(name, rows)
        for reference_of in (["--reference", file], ["--reference", reference]):
            printed = json.loads(run(file, "--to", "fr", *reference_of, "--json"))
            assert printed == expected | {"hypothesis": file}
    listed = write("list.json", [json.dumps(ANSWERS, indent=1)])
    assert json.loads(run(listed, "--to", "fr", "--json"))["otr"] == expected["otr"]
    said = ["--reference-key", "predict", "--source", file, "--source-key", "label", "--from", "de"]
    printed = json.loads(run(file, "--to", "fr", "--key", "label", "--reference", file, *said, "--json"))
    assert (printed["otr"]["value"], printed["otr_floor"]["value"]) == (0.0, expected["otr"]["value"])
    assert printed["breakdown"]["copy"] == 0  # by the paper's definition a copy in French is French


def test_a_key_that_cannot_be_told_is_asked_for(write: Write) -> None:
    file = write("a.jsonl", ['{"id": 1, "answer": "Le pain."}'])
    assert error(file, "--to", "fr") == (
        f"error: '{file}', line 1: no key is known as the hypothesis; choose one with --key NAME; "
        "its keys are id, answer\n"
    )
    assert json.loads(run(file, "--to", "fr", "--key", "answer", "--json"))["otr"]["n"] == 1
    assert "--reference-key needs --reference" in error(file, "--to", "fr", "--reference-key", "x")
    assert "--source-key needs --source" in error(file, "--to", "fr", "--source-key", "x")
    assert "--to is missing" in error(file, "--key", "answer")


def test_a_file_named_after_a_direction_is_of_a_run_only_where_nothing_else_is_said(write: Write) -> None:
    ours = write("de-fr.jsonl", ['{"text": "Le pain.", "source": "Das Brot."}'])
    assert json.loads(run(ours, "--json"))["direction"] == "de-fr"
    assert "direction" not in json.loads(run(ours, "--to", "fr", "--json"))
    theirs = write("fr-de.jsonl", ['{"predict": "Das Brot."}'])
    assert json.loads(run(theirs, "--json"))["direction"] == "fr-de"  # by its name, too
    broken = write("it-de.jsonl", ['{"text": "Das Brot."}', "{"])
    assert "it-de.jsonl', line 2: not JSON" in error(broken)


def test_standard_input_may_be_compressed_or_json(write: Write) -> None:
    def piped(data: bytes) -> object:
        result = CliRunner().invoke(app, ["score", "-", "--to", "fr", "--json"], input=data)
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    plain = "\n".join(ANSWERS).encode()
    rows = "\n".join(json.dumps({"text": text}) for text in ANSWERS).encode()
    assert piped(gzip.compress(plain)) == piped(rows) == piped(gzip.compress(rows)) == piped(plain)
    assert piped(bz2.compress(plain)) == piped(lzma.compress(rows)) == piped(plain)
    assert "standard input can be read only once" in error("-", "--to", "fr", "--reference", "-")


def test_standard_input_may_be_compressed_by_zstd() -> None:
    zstandard = pytest.importorskip("zstandard", reason="comes with the extra `data`")
    data = zstandard.compress("\n".join(ANSWERS).encode())
    printed = CliRunner().invoke(app, ["score", "-", "--to", "fr", "--json"], input=data).stdout
    assert json.loads(printed) == json.loads(run("-", "--to", "fr", "--json", stdin="\n".join(ANSWERS)))


def test_without_zstandard_the_message_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zstandard", None)
    result = CliRunner().invoke(app, ["score", "-", "--to", "fr"], input=b"\x28\xb5\x2f\xfd rest")
    assert result.exit_code == 2
    assert result.stderr.startswith("error: reading .zst files needs zstandard: pip install")


def test_references_and_hypotheses_of_wmt(write: Write) -> None:
    def side(tag: str, name: str, lines: list[str]) -> str:
        segments = "".join(f'<seg id="{number}">{line}</seg>' for number, line in enumerate(lines, start=1))
        return f"<{tag} {name}>{segments}</{tag}>"

    parts = [
        side("src", 'lang="de"', GERMAN),
        side("ref", 'translator="A"', FRENCH),
        side("hyp", 'system="S"', ANSWERS),
    ]
    file = write("wmt.xml", [f"<dataset><doc>{''.join(parts)}</doc></dataset>"])
    printed = json.loads(
        run(file, "--reference", file, "--source", file, "--from", "de", "--to", "fr", "--json")
    )
    assert printed["bleu"]["value"] == bleu(ANSWERS, FRENCH, Language("fr")).value
    assert printed["breakdown"]["copy"] == 1


def test_one_line_is_a_line(write: Write) -> None:
    one, two = write("one", ANSWERS[:1]), write("two", ANSWERS[:2])
    assert "one' has 1 line but" in error(one, "--to", "fr", "--reference", two)
    assert "two' has 2; line" in error(one, "--to", "fr", "--reference", two)


def test_options_that_do_not_fit_are_one_sentence(write: Write, tmp_path: Path) -> None:
    one, folder = write("a", ANSWERS), make_run(tmp_path / "run")
    assert "--to is missing" in error(one)
    assert "--test-set wmt22 needs --direction" in error(one, "--test-set", "wmt22")
    assert "has its own source" in error(one, "--test-set", "wmt22", "--to", "fr")
    assert "no test set 'wmt222'" in error(one, "--test-set", "wmt222", "--direction", "de-fr")
    assert "--direction needs --test-set" in error(one, "--to", "fr", "--direction", "de-fr")
    assert "already contains its languages" in error(folder, "--to", "fr")
    (tmp_path / "empty").mkdir()
    assert "has no outputs" in error(str(tmp_path / "empty"), "--to", "fr")
    assert "cannot be combined; give one kind" in error(folder, one)
    assert "has no references, which ter needs" in error(one, "--to", "fr", "--metrics", "ter")
    assert "list of names is empty" in error(one, "--to", "fr", "--metrics", ",")
    assert "--json and --latex cannot be combined" in error(one, "--to", "fr", "--json", "--latex")
    assert "needs the sources of the hypotheses" in error(one, "--to", "fr", "--comet", "x")


@pytest.mark.parametrize(("code", "extra"), [("ja", "ja"), ("ko", "ko")])
def test_a_tokenizer_that_is_not_installed_gets_the_line_that_installs_it(
    write: Write, monkeypatch: pytest.MonkeyPatch, code: str, extra: str
) -> None:
    def unavailable(self: object, tokenize: str, **_: object) -> None:
        raise RuntimeError(f"{tokenize} requires extra dependencies")

    monkeypatch.setattr(scoring_metrics.BLEU, "__init__", unavailable)
    lines, reference = (write(name, ["猫はソファで寝ている。"]) for name in ("a", "ref"))
    assert f"pip install 'ontarget[{extra}]'" in error(lines, "--to", code, "--reference", reference)


def test_what_became_of_each_line_goes_into_a_file(write: Write, tmp_path: Path) -> None:
    texts = [*ANSWERS, "", 'Il a dit, "bonjour, ma chère"\u2028hier soir.']
    first, second = write("a.txt", texts), write("b.txt", ["Le pain, je crois, est encore chaud."])
    run(first, second, "--to", "fr", "--from", "de", "--lines", str(tmp_path / "lines.csv"))
    with (tmp_path / "lines.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["hypothesis"], row["line"], row["outcome"], row["language"]) for row in rows] == [
        (first, "1", "on", "fr"),
        (first, "2", "english", "en"),
        (first, "3", "source", "de"),
        (first, "4", "empty", ""),
        (first, "5", "on", "fr"),
        (second, "1", "on", "fr"),
    ]
    assert [row["text"] for row in rows[:5]] == texts
    assert [row["otr"] for row in rows] == ["0", "100", "100", "100", "0", "0"]
    assert all(0.3 < float(row["probability"]) <= 1 for row in rows if row["text"])


def test_lines_are_counted_anew_for_each_file_and_on_from_chunk_to_chunk(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scorecard, "_CHUNK", 2)
    twice = [write("a.txt", ANSWERS)] * 2
    run(*twice, "--to", "fr", "--lines", str(tmp_path / "lines.csv"))
    rows = (tmp_path / "lines.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert [row.split(",")[1] for row in rows] == ["1", "2", "3"] * 2


@pytest.mark.parametrize("of", ["a", "r", "s"])
def test_lines_never_take_the_place_of_what_is_read(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, of: str
) -> None:
    given = [write("a", ANSWERS), "--to", "fr", "--from", "de", "--reference", write("r", FRENCH)]
    given += ["--source", write("s", FRENCH)]
    before = (tmp_path / of).read_bytes()
    told = error(*given, "--lines", str(tmp_path / of))
    assert f"--lines '{tmp_path / of}' is an input file and would be overwritten; choose another path" in told
    assert (tmp_path / of).read_bytes() == before
    read = [
        *given,
        "--metrics",
        "leftover",
        "--monolingual",
        f"fr={write('m', FRENCH)}",
        "--lid",
        "lid.176,own",
    ]
    monkeypatch.chdir(tmp_path)
    write("own", "a model")
    for name in ("m", "own"):
        assert f"--lines '{name}' is an input file and would be overwritten" in error(*read, "--lines", name)
    assert f"--lines '{tmp_path}' is a folder; give" in error(*given, "--lines", str(tmp_path))


def test_no_file_of_lines_is_left_by_what_fails(write: Write, tmp_path: Path) -> None:
    given = [write("a.txt", ANSWERS), "--to", "fr", "--reference", write("r.fr", FRENCH[:2])]
    error(*given, "--lines", str(tmp_path / "lines.csv"))
    assert "has no references, which ter needs" in error(
        *given[:3], "--metrics", "ter", "--lines", str(tmp_path / "lines.csv")
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.txt", "r.fr"]


def test_lines_go_into_a_folder_that_is_there(write: Write, tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    given = [write("a.txt", ANSWERS), "--to", "fr", "--lines"]
    told = error(*given, str(tmp_path / "result" / "lines.csv"))
    assert f"there is no folder '{tmp_path / 'result'}'; did you mean 'results'?" in told
    assert "is not a folder" in error(*given, str(tmp_path / "a.txt" / "lines.csv"))
    assert not (tmp_path / "result").exists()


def test_lines_have_sentence_scores_of_the_metrics_asked_for(write: Write, tmp_path: Path) -> None:
    """As sacreBLEU's own sentence scores, with the options of its command, and whatever is read at a time."""
    texts, references = [*ANSWERS, "Le Pain"], [*FRENCH, "Le pain est chaud"]
    given = [write("a.txt", texts), "--to", "fr", "--reference", write("r.fr", references), "--lowercase"]
    run(*given, "--metrics", "chrF,BLEU", "--lines", str(tmp_path / "lines.csv"))
    with (tmp_path / "lines.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0])[5:] == ["otr", "chrf", "bleu", "text"]
    of_bleu, of_chrf = BLEU(lowercase=True, effective_order=True), CHRF()
    for row, text, reference in zip(rows, texts, references, strict=True):
        assert row["bleu"] == f"{of_bleu.sentence_score(text, [reference]).score:.4f}"
        assert row["chrf"] == f"{of_chrf.sentence_score(text, [reference]).score:.4f}"
    run(*given[:3], "--lines", str(tmp_path / "lines.csv"))
    assert "chrf" not in (tmp_path / "lines.csv").read_text(encoding="utf-8")


def test_lines_of_a_run_have_scores_where_it_has_references(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run")
    without = tmp_path / "run" / "outputs" / "bad" / "de-fr.jsonl"
    without.write_text("".join(json.dumps({"text": text}) + "\n" for text in FRENCH), encoding="utf-8")
    run(folder, "--lines", str(tmp_path / "lines.csv"))
    with (tmp_path / "lines.csv").open(encoding="utf-8", newline="") as file:
        scores = [row["bleu"] for row in csv.DictReader(file)]
    assert scores == ["", "", "", "100.0000", "100.0000", "100.0000"]


def by_sacrebleu(folder: Path, *arguments: str) -> list[dict[str, object]]:
    """What sacreBLEU's command says."""
    command = [sys.executable, "-m", "sacrebleu", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=True, encoding="utf-8")
    return json.loads(done.stdout)


def test_the_options_of_sacrebleu_give_its_scores_and_its_verbose_line(write: Write, tmp_path: Path) -> None:
    answers = [line.upper() for line in ANSWERS]
    tabbed = write("r.tsv", [f"{line}\t{line} Oui." for line in FRENCH])
    given = [
        write("a.txt", answers),
        "--to",
        "fr",
        "--reference",
        tabbed,
        "-nr",
        "2",
        "-m",
        "BLEU,TER",
    ]
    given += ["-tok", "intl", "-lc"]
    printed = json.loads(run(*given, "--json"))
    theirs = {
        of["name"]: of
        for of in by_sacrebleu(
            tmp_path,
            "r.tsv",
            "-i",
            "a.txt",
            "-nr",
            "2",
            "-m",
            "bleu",
            "ter",
            "-tok",
            "intl",
            "-lc",
            "-w",
            "12",
        )
    }
    for name in ("BLEU", "TER"):
        ours = printed[name.lower()]
        assert (round(ours["value"], 12), ours["signature"]) == (
            theirs[name]["score"],
            theirs[name]["signature"],
        )
    assert printed["bleu"]["verbose_score"] == theirs["BLEU"]["verbose_score"]
    assert "verbose_score" not in printed["ter"]
    table = run(*given, "--width", "5")
    assert f"\nBLEU: {theirs['BLEU']['verbose_score']}\n" in table
    assert f" {printed['bleu']['value']:.5f} " in table
    assert f" {printed['ter']['value']:.0f} " in run(*given, "-w", "0")
    assert f"BLEU of {given[0]}: " in run(given[0], write("b.txt", ANSWERS), *given[1:])


def test_the_floor_is_that_of_all_references(write: Write) -> None:
    given = [write("a.txt", FRENCH), "--to", "fr", "--reference", write("1.fr", FRENCH)]
    given += ["--reference", write("2.fr", ANSWERS)]
    printed = json.loads(run(*given, "--json"))["otr_floor"]
    assert printed["value"] == pytest.approx(100 / 3)
    assert printed["signature"].startswith("nrefs:2|lid:")
    assert printed["low"] < printed["value"] < printed["high"]
    assert "\nOTR floor: 0.00/66.67 (each reference)\n" in run(*given)


def test_the_languages_of_other_lines_are_named(write: Write) -> None:
    dutch = ["Hij heeft gisteren een nieuwe fiets gekocht.", "Wij gaan morgen samen naar de zee."]
    one = write(
        "one.txt",
        [*ANSWERS, *dutch, "El gato duerme en el sofá de la casa.", "Il gatto dorme tranquillo sul divano."],
    )
    two = write("two.txt", FRENCH)
    given = ["--to", "fr", "--from", "de", "--json"]
    [first, second] = json.loads(run(one, two, *given))
    assert first["breakdown"]["other"] == 4
    assert first["other_languages"] == {"nl": 2, "es": 1, "it": 1}  # neither English nor the source
    assert "other_languages" not in second
    assert "\nother languages: nl 2, es 1, it 1\n" in run(one, "--to", "fr", "--from", "de")
    table = run(one, two, "--to", "fr", "--from", "de")
    assert f"\nother languages of {one}: nl 2, es 1, it 1\n" in table
    assert f"of {two}" not in table
    assert "\nother languages: nl 2, de 1, es 1, it 1\n" in run(one, "--to", "fr")
    six = [write(f"{n}.txt", dutch) for n in range(6)]
    assert "\nother languages of 1 more system: see --json\n" in run(*six, "--to", "fr", "--from", "de")
