import json
from pathlib import Path

import pytest
from tests.reporting.conftest import score_rows, write_jsonl, write_run

from ontarget.errors import UserError
from ontarget.reporting import report, run_files, table_formats
from ontarget.reporting.logs import LogRecord
from ontarget.reporting.run_files import Scores
from ontarget.reporting.table import layout


def test_systems_stand_in_table_order_and_own_ids_follow() -> None:
    rows = [
        {**score_rows(["mt"])[0], "system": system} for system in ("pivot", "mine", "reference", "mt", "base")
    ]
    assert Scores.of(rows).systems == ("base", "mt", "pivot", "mine")


def test_values_are_looked_up_by_system_metric_kind_and_direction(scores: Scores) -> None:
    assert scores.value("mt", "otr", "zero-shot") == 93.0
    assert scores.value("mt", "bleu", "supervised") == 30.5
    assert scores.value("mt", "bleu", "zero-shot", "it-nl") == pytest.approx(1.2 - 0.25)
    assert scores.value("mt", "comet", "zero-shot") is None
    assert scores.directions("zero-shot") == ("it-nl", "it-ro", "nl-it", "nl-ro", "ro-it", "ro-nl")


def test_a_run_without_zero_shot_directions_is_supervised() -> None:
    assert Scores.of(score_rows(kinds=("supervised",))).kind == "supervised"


def test_reads_a_whole_run(run_dir: Path) -> None:
    run = run_files.read(run_dir)
    assert run.name == "phrasebook-fake"
    assert run.versions == {"ontarget": "0.1.0", "torch": "2.9.0", "commit": "0123abc"}
    assert list(run.log) == ["base", "mt", "lat", "ontarget"]
    assert [output.language for output in run.outputs("pivot", "it-nl")] == ["nl", "nl", "nl"]


@pytest.mark.parametrize("name", ["recipe.yaml", "scores.json"])
def test_a_missing_file_is_named_with_the_command_that_makes_it(run_dir: Path, name: str) -> None:
    (run_dir / name).unlink()
    with pytest.raises(UserError, match=rf"{name} is missing; 'ontarget run phrasebook-fake' makes it"):
        run_files.read(run_dir)


def test_a_missing_run_or_output_is_named(run_dir: Path) -> None:
    with pytest.raises(UserError, match=r"no run directory .*nowhere; 'ontarget run nowhere'"):
        run_files.read(run_dir / "nowhere")
    (run_dir / "outputs" / "lat" / "it-nl.jsonl").unlink()
    with pytest.raises(
        UserError, match=r"lat/it-nl\.jsonl is missing; 'ontarget run phrasebook-fake' makes it"
    ):
        run_files.read(run_dir).outputs("lat", "it-nl")


def test_a_missing_log_means_that_nothing_was_trained(run_dir: Path) -> None:
    (run_dir / "log.jsonl").unlink()
    assert run_files.read(run_dir).log == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[{", r"scores\.json, line 1: not JSON"),
        ("{}", r"scores\.json is not a list of scores"),
        ('[{"system": "mt"}]', r"scores\.json, row 1: the key 'direction' is missing"),
        (json.dumps([{**score_rows(["mt"])[0], "kind": "few-shot"}]), "row 1: kind is 'few-shot'"),
    ],
)
def test_damaged_scores_are_a_user_error(run_dir: Path, text: str, message: str) -> None:
    (run_dir / "scores.json").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=message):
        run_files.read(run_dir)


def test_damaged_outputs_name_file_and_line(run_dir: Path) -> None:
    path = run_dir / "outputs" / "mt" / "it-nl.jsonl"
    write_jsonl(path, [*map(json.loads, path.read_text(encoding="utf-8").split("\n")[:1]), {"text": "x"}])
    with pytest.raises(UserError, match=r"it-nl\.jsonl, line 2: the key 'source' is missing"):
        run_files.read(run_dir).outputs("mt", "it-nl")
    path.write_bytes(b"\xff\n")
    with pytest.raises(UserError, match="not UTF-8 at byte 0"):
        run_files.read(run_dir).outputs("mt", "it-nl")


def test_lines_end_at_lf_alone(run_dir: Path) -> None:
    path = run_dir / "outputs" / "mt" / "it-nl.jsonl"
    row = json.loads(path.read_text(encoding="utf-8").split("\n")[0])
    write_jsonl(path, [{**row, "text": "one\u2028two\x85three"}])
    (output,) = run_files.read(run_dir).outputs("mt", "it-nl")
    assert output.text == "one\u2028two\x85three"


def test_the_log_beside_a_model_is_read_too_in_the_order_of_the_recipe(run_dir: Path) -> None:
    (run_dir / "log.jsonl").unlink()
    (run_dir / "recipe.yaml").write_text("stages: {mt: {}, lat: {}, base: {}}\n", encoding="utf-8")
    for stage in ("base", "lat", "mt", ".mt.progress-0123abcd"):
        write_jsonl(run_dir / "models" / stage / "log.jsonl", [{"step": 1, "likelihood": 2.5}])
    log = run_files.read(run_dir).log
    assert list(log) == ["mt", "lat", "base"]
    assert log["mt"] == (LogRecord("mt", 1, likelihood=2.5),)


def test_a_log_of_a_killed_and_resumed_stage(run_dir: Path) -> None:
    """Half a line is left out; steps made again count once, as they went the last time."""
    lines = [
        json.dumps({"stage": "mt", "step": step, "loss": loss}) for step, loss in ((0, 5), (10, 4), (20, 3))
    ]
    again = [json.dumps({"stage": "mt", "step": step, "loss": loss}) for step, loss in ((10, 3.9), (30, 2))]
    text = "\n".join([*lines, lines[0][:9], *again]) + "\n"
    (run_dir / "log.jsonl").write_text(text, encoding="utf-8")
    expected = tuple(LogRecord("mt", step, loss) for step, loss in ((0, 5), (10, 3.9), (30, 2)))
    assert run_files.read(run_dir).log["mt"] == expected


def test_losses_and_evaluation_of_one_step_are_one_record(run_dir: Path) -> None:
    """And of a step that was made again, the later figures count."""
    rows = [
        {"stage": "lat", "step": 10, "likelihood": 1.0, "probability": 0.5},
        {"stage": "lat", "step": 10, "zero_shot_otr": 40.0, "zero_shot_bleu": 3.0},
        {"stage": "lat", "step": 10, "zero_shot_otr": 30.0},
        {"stage": "lat", "step": 20, "likelihood": 0.5},
    ]
    write_jsonl(run_dir / "log.jsonl", rows)
    assert run_files.read(run_dir).log["lat"] == (
        LogRecord("lat", 10, likelihood=1.0, probability=0.5, zero_shot_otr=30.0, zero_shot_bleu=3.0),
        LogRecord("lat", 20, likelihood=0.5),
    )


def test_a_run_with_a_former_id_reads_as_one_with_the_current_id(run_dir: Path, tmp_path: Path) -> None:
    former = write_run(tmp_path / "former" / run_dir.name)
    (former / "outputs" / "base").rename(former / "outputs" / "llama")
    details = (run_dir / "details.json").read_text(encoding="utf-8").replace('"ontarget"', '"base"')
    (run_dir / "details.json").write_text(details, encoding="utf-8")
    (former / "details.json").write_text(details.replace('"base"', '"llama"'), encoding="utf-8")
    scores = (former / "scores.json").read_text(encoding="utf-8")
    (former / "scores.json").write_text(scores.replace('"base"', '"llama"'), encoding="utf-8")
    assert '"base"' in scores
    assert '"base"' in details
    now, then = run_files.read(run_dir), run_files.read(former)
    assert (then.scores, then.details, then.times) == (now.scores, now.details, now.times)
    assert then.outputs("base", "it-nl") == now.outputs("base", "it-nl")
    assert report.render(then) == report.render(now)


def test_the_base_model_is_printed_by_its_own_name(run_dir: Path) -> None:
    recipe = run_dir / "recipe.yaml"
    recipe.write_text(
        recipe.read_text(encoding="utf-8") + "systems: {base: {model: owner/Some-7B}}\n", encoding="utf-8"
    )
    run = run_files.read(run_dir)
    assert (run.scores.name("base"), run.scores.name("mt")) == ("Some-7B", "MT")
    page = report.render(run)
    assert page.count("Some-7B") > 5
    assert "base model" not in page.partition("<details")[0]
    assert "| Some-7B |" in table_formats.markdown(layout(run_files.read_scores(run_dir)))
