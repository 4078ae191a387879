"""The pipeline with training and translation replaced: what is made, what is made again, and what is kept."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from tests.pipeline.conftest import RECIPE, Workshop, fake_recipe

from ontarget.errors import UserError
from ontarget.files import read_jsonl
from ontarget.pipeline import run as run_module
from ontarget.pipeline.execution import launch as launch_module
from ontarget.pipeline.execution import making, systems
from ontarget.pipeline.execution.launch import Launch
from ontarget.pipeline.execution.progress import Advance, Silent
from ontarget.pipeline.execution.stages import Update
from ontarget.pipeline.planning.artifacts import Store
from ontarget.pipeline.planning.plan import Plan
from ontarget.pipeline.planning.step import Step
from ontarget.pipeline.run import make_plan, run, train
from ontarget.recipes.loading import load
from ontarget.recipes.schema.recipe import Recipe
from ontarget.training.distributed import parallel
from ontarget.translation.hypothesis import Hypothesis

ALL = ["base", "mt", "lat", "ontarget"]
DIRECTIONS = ["it-nl", "nl-it", "en-it", "it-en", "en-nl", "nl-en"]


def changed(**changes: Any) -> Recipe:
    return fake_recipe(**changes)


def with_stage(name: str, **changes: Any) -> Recipe:
    return changed(stages=RECIPE["stages"] | {name: RECIPE["stages"][name] | changes})


def times(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*") if path.name != ".lock"}


def test_everything_is_made_in_order(workshop: Workshop) -> None:
    done = run(fake_recipe())
    assert done.directory == Path("runs/fake")
    assert workshop.trained == ALL
    assert workshop.translated == [
        f"{system} {direction}"
        for system in ("base", "mt", "1-shot", "pivot", "lat", "ontarget")
        for direction in DIRECTIONS
    ]
    assert workshop.loaded == ["base", "mt", "lat", "ontarget"]  # once each, though three systems ask mt
    names = {str(path.relative_to(done.directory)) for path in done.directory.rglob("*") if path.is_file()}
    assert names >= {
        "recipe.yaml",
        "scores.json",
        "details.json",
        "report.html",
        "log.jsonl",
        "models/mt/model",
    }
    assert {f"outputs/pivot/{direction}.jsonl" for direction in DIRECTIONS} <= names
    assert not [name for name in names if "progress" in name]


def test_models_say_what_made_them(workshop: Workshop) -> None:
    run(fake_recipe())
    record = json.loads(Path("runs/fake/models/mt/ontarget.json").read_text())
    assert {"fingerprint", "stage", "template", "version", "seconds", "dropped"} <= set(record)
    assert (record["stage"], record["template"], record["dropped"]) == ("mt", "plain", 3)
    assert record["languages"] == ["en", "it", "nl"]
    assert record["directions"] == ["en-it", "it-en", "en-nl", "nl-en"]
    assert Path("runs/fake/models/ontarget/model").read_text() == ">base>mt>ontarget"


def test_translations_record_the_size_of_their_model_also_where_they_are_taken_over(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = {"base": 135_000_000, "mt": 135_000_001}
    monkeypatch.setattr(making, "parameters", lambda place: sizes.get(Path(place).name))
    first, second = run(fake_recipe()), run(fake_recipe(name="other"))
    for done in (first, second):
        records = {
            system: json.loads((done.directory / "outputs" / system / "ontarget.json").read_text())["it-nl"]
            for system in ("base", "1-shot", "lat")
        }
        assert records["base"]["parameters"] == 135_000_000
        assert records["1-shot"]["parameters"] == 135_000_001
        assert "parameters" not in records["lat"]  # unknown
    assert "Base model: 135 million parameters." in str(first)


def test_outputs_are_one_hypothesis_a_line_with_its_detected_language(workshop: Workshop) -> None:
    run(fake_recipe())
    rows = read_jsonl(Path("runs/fake/outputs/mt/it-nl.jsonl"))
    assert [row["source"] for row in rows] == ["Oggi splende il sole.", "Adesso andiamo a casa."]
    assert [row["reference"] for row in rows] == ["De zon schijnt vandaag.", "We gaan nu naar huis."]
    keys = ["source", "reference", "text", "finish_reason", "log_probability", "tokens", "language"]
    assert list(rows[0]) == [*keys, "language_probability"]
    assert {row["language"] for row in rows} == {"en"}


def test_scores_tell_the_systems_apart(workshop: Workshop) -> None:
    done = run(fake_recipe())
    value = {(r["system"], r["direction"], r["kind"], r["metric"]): r["value"] for r in done.scores}
    assert value["mt", "avg", "zero-shot", "otr"] == 100.0
    assert value["ontarget", "avg", "zero-shot", "otr"] == value["reference", "avg", "zero-shot", "otr"]
    assert value["mt", "avg", "supervised", "bleu"] == pytest.approx(100.0)
    assert done.table().row_count == 7


def test_a_run_says_what_there_is(workshop: Workshop) -> None:
    done = run(fake_recipe())
    first, *table, last = str(done).splitlines()
    assert first == "runs/fake: 6 systems, 6 directions"
    assert any(line.startswith("| MT |") for line in table)
    assert last == "Report: runs/fake/report.html"
    assert (done.directory / "report.html").is_file()


def test_scores_of_a_run_are_a_data_frame_on_request(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = run(fake_recipe())
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "pandas", None)
        with pytest.raises(UserError, match="a data frame needs pandas: pip install pandas"):
            done.to_pandas()
    pytest.importorskip("pandas", reason="comes with the extra `train`")
    frame = done.to_pandas()
    assert len(frame) == len(done.scores)
    otr = frame[(frame.metric == "otr") & (frame.direction == "avg") & (frame.kind == "zero-shot")]
    assert otr.set_index("system").value["mt"] == 100.0


def test_log_holds_the_records_of_every_stage(workshop: Workshop) -> None:
    run(fake_recipe())
    assert [record["stage"] for record in read_jsonl(Path("runs/fake/log.jsonl"))] == ALL


def test_the_resolved_recipe_can_be_run_again(workshop: Workshop) -> None:
    run(fake_recipe())
    path = Path("runs/fake/recipe.yaml")
    assert {"python", "ontarget", "sacrebleu"} <= set(yaml.safe_load(path.read_text())["versions"])
    assert load(path).settings() == fake_recipe().settings()
    workshop.forget()
    run(path)
    assert not workshop.trained
    assert not workshop.translated


def test_again_does_nothing(workshop: Workshop) -> None:
    run(fake_recipe())
    before = times(Path("runs/fake"))
    workshop.forget()
    run(fake_recipe())
    assert times(Path("runs/fake")) == before
    assert not workshop.trained
    assert not workshop.loaded


class TestWhatIsMadeAgain:
    """After a change exactly what depends on it."""

    @pytest.fixture(autouse=True)
    def _first(self, workshop: Workshop) -> None:
        run(fake_recipe())
        workshop.forget()

    @staticmethod
    def systems(workshop: Workshop) -> set[str]:
        return {line.split(" ")[0] for line in workshop.translated}

    def test_alpha_of_lat_remakes_lat_and_its_outputs(self, workshop: Workshop) -> None:
        scores = Path("runs/fake/scores.json").stat().st_mtime_ns
        run(with_stage("lat", alpha=0.5))
        assert workshop.trained == ["lat"]
        assert self.systems(workshop) == {"lat"}
        assert Path("runs/fake/scores.json").stat().st_mtime_ns > scores

    def test_stage_1_remakes_what_starts_from_it(self, workshop: Workshop) -> None:
        run(with_stage("mt", samples=3))
        assert workshop.trained == ["mt", "lat", "ontarget"]
        assert self.systems(workshop) == {"mt", "1-shot", "pivot", "lat", "ontarget"}

    def test_the_base_remakes_everything(self, workshop: Workshop) -> None:
        run(with_stage("base", documents="english-pivoted"))
        assert workshop.trained == ALL
        assert len(workshop.translated) == 36

    def test_test_lines_remake_outputs_not_models(self, workshop: Workshop) -> None:
        run(changed(test_lines=3))
        assert not workshop.trained
        assert len(workshop.translated) == 36

    def test_another_system_is_added_alone(self, workshop: Workshop) -> None:
        run(changed(systems=[*RECIPE["systems"], "ptl"]))
        assert not workshop.trained
        assert self.systems(workshop) == {"ptl"}
        assert "ptl" in {row["system"] for row in json.loads(Path("runs/fake/scores.json").read_text())}

    def test_a_system_that_leaves_is_not_scored(self, workshop: Workshop) -> None:
        run(changed(systems=["mt"]))
        assert not workshop.translated
        systems = {row["system"] for row in json.loads(Path("runs/fake/scores.json").read_text())}
        assert systems == {"mt", "reference"}

    def test_decoding_of_one_system_remakes_its_outputs(self, workshop: Workshop) -> None:
        systems = dict.fromkeys(RECIPE["systems"]) | {"mt": {"decoding": {"num_beams": 1}}}
        run(changed(systems=systems))
        assert not workshop.trained
        assert self.systems(workshop) == {"mt"}

    def test_validation_text_remakes_demonstrations_alone(self, workshop: Workshop) -> None:
        path = Path("validation.en")
        path.write_text(path.read_text().replace("We are going", "We go"))
        run(fake_recipe())
        assert not workshop.trained
        assert set(workshop.translated) == {f"1-shot {d}" for d in ("en-it", "it-en", "en-nl", "nl-en")}

    def test_one_test_file_remakes_the_directions_that_it_is_in(self, workshop: Workshop) -> None:
        path = Path("test.nl")
        path.write_text(path.read_text().replace("vandaag", "nu"))
        run(fake_recipe())
        assert not workshop.trained
        assert {line.split(" ")[1] for line in workshop.translated} == {"it-nl", "nl-it", "en-nl", "nl-en"}

    def test_training_text_remakes_everything(self, workshop: Workshop) -> None:
        path = Path("train.it")
        path.write_text(path.read_text().replace("splende", "brilla"))
        run(fake_recipe())
        assert workshop.trained == ALL

    def test_how_fast_a_stage_is_does_not_matter(self, workshop: Workshop) -> None:
        run(
            with_stage(
                "mt",
                tuning={
                    "epochs": 1,
                    "max_tokens_per_micro_batch": 17,
                    "save_minutes": 0.1,
                    "parallel": "fsdp",
                },
            )
        )
        assert not workshop.trained
        assert not workshop.translated

    def test_what_it_is_about_changes_the_report_alone(self, workshop: Workshop) -> None:
        scores = Path("runs/fake/scores.json").stat().st_mtime_ns
        report = Path("runs/fake/report.html").stat().st_mtime_ns
        run(changed(about="something else"))
        assert not workshop.trained
        assert Path("runs/fake/scores.json").stat().st_mtime_ns == scores
        assert Path("runs/fake/report.html").stat().st_mtime_ns > report
        assert yaml.safe_load(Path("runs/fake/recipe.yaml").read_text())["about"] == "something else"

    def test_going_back_makes_the_old_outputs_again(self, workshop: Workshop) -> None:
        run(changed(test_lines=3))
        run(fake_recipe())
        assert len(read_jsonl(Path("runs/fake/outputs/mt/it-nl.jsonl"))) == 2

    def test_what_was_deleted_is_made_again(self, workshop: Workshop) -> None:
        Path("runs/fake/outputs/mt/it-nl.jsonl").unlink()
        Path("runs/fake/models/lat/ontarget.json").write_text("{broken")
        run(fake_recipe())
        assert workshop.trained == ["lat"]
        assert workshop.translated == ["mt it-nl"]


class TestInterruption:
    def test_in_a_stage_keeps_its_progress_and_what_was_done(self, workshop: Workshop) -> None:
        workshop.fail_at = "train lat"
        with pytest.raises(KeyboardInterrupt):
            run(fake_recipe())
        models = Path("runs/fake/models")
        kept = sorted(path.name for path in models.iterdir())
        assert kept[1:] == ["base", "mt"]
        assert kept[0].startswith(".lat.progress-")
        workshop.forget()
        workshop.fail_at = None
        run(fake_recipe())
        assert workshop.trained == ["lat", "ontarget"]
        assert sorted(path.name for path in models.iterdir()) == sorted(ALL)

    def test_in_a_translation_keeps_the_directions_before(self, workshop: Workshop) -> None:
        workshop.fail_at = "mt en-it"
        with pytest.raises(KeyboardInterrupt):
            run(fake_recipe())
        workshop.forget()
        workshop.fail_at = None
        run(fake_recipe())
        assert not workshop.trained
        assert workshop.translated[0] == "mt en-it"
        assert "mt it-nl" not in workshop.translated

    def test_leftovers_of_a_kill_are_swept_away(self, workshop: Workshop) -> None:
        run(fake_recipe())
        folder = Path("runs/fake")
        (folder / "models" / ".mt.abcd1234").mkdir()
        (folder / "outputs" / "mt" / ".it-nl.jsonl.abcd1234").write_text("half")
        for name in ("scores.json", "details.json"):
            (folder / f".{name}.abcd1234").write_text("half")
        (folder / ".notes").write_text("mine")
        run(fake_recipe())
        assert not list(folder.rglob(".*.abcd1234"))
        assert (folder / ".notes").exists()

    def test_a_kill_between_a_model_and_its_log_loses_no_log(self, workshop: Workshop) -> None:
        run(fake_recipe())
        Path("runs/fake/log.jsonl").unlink()
        run(fake_recipe())
        assert len(read_jsonl(Path("runs/fake/log.jsonl"))) == 4


class TestTrain:
    def test_makes_models_and_nothing_else(self, workshop: Workshop) -> None:
        paths = train(make_plan(fake_recipe()))
        assert paths == [Path("runs/fake/models") / name for name in ALL]
        assert not workshop.translated
        assert not Path("runs/fake/scores.json").exists()

    def test_one_stage_with_what_it_needs(self, workshop: Workshop) -> None:
        train(make_plan(fake_recipe()), "lat")
        assert workshop.trained == ["base", "mt", "lat"]

    def test_an_unknown_stage_is_refused_with_the_nearest(self, workshop: Workshop) -> None:
        with pytest.raises(UserError, match="has no stage 'latt'; did you mean 'lat'"):
            train(make_plan(fake_recipe()), "latt")

    def test_a_recipe_without_stages_has_nothing_to_train(self, workshop: Workshop) -> None:
        with pytest.raises(UserError, match="has no stages to train"):
            train(make_plan(changed(stages={}, systems=["base"], model="owner/model")))


class Listener:
    """Keeps what a run says."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, line: str) -> None:
        self.said.append(line)

    @contextmanager
    def task(self, what: str) -> Iterator[Advance]:
        self.said.append(what)
        yield lambda done, total, note: None


def test_a_corpus_with_too_few_samples_is_said_with_both_numbers(workshop: Workshop) -> None:
    listener = Listener()
    train(make_plan(with_stage("mt", samples=13)), "lat", listener)
    assert "mt: the corpus has only 12 samples for it instead of 13" in listener.said
    listener = Listener()
    train(make_plan(with_stage("mt", samples=12)), "mt", listener)
    assert not [line for line in listener.said if "asks for" in line]


def test_samples_that_were_left_out_are_said_with_their_reason(workshop: Workshop) -> None:
    listener = Listener()
    train(make_plan(fake_recipe()), "mt", listener)
    assert "mt: 3 samples dropped at tuning.max_length=512 tokens" in listener.said
    why = "the model gives them the same probability under both instructions"
    assert f"mt: 2 samples to unlearn left out: {why}" in listener.said
    assert not [line for line in listener.said if "truncated" in line or "no token" in line]


class TestSeveralProcesses:
    """With the launcher replaced: tests/pipeline/execution/test_launch.py starts some."""

    @pytest.fixture(autouse=True)
    def _launcher(self, workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
        self.launched: list[tuple[int, str, Path]] = []

        def launched(
            launch: Launch, plan: Plan, step: Step, *, folder: Path, work: Path, update: Update
        ) -> Any:
            self.launched.append((launch.processes, step.name, folder))
            start = plan.recipe.stages[step.name].start
            place = None if start is None else plan.place(start)
            make = workshop.make_model
            if launch.machine_rank:
                folder.mkdir(parents=True)
                store = plan.store  # by now the first machine has put it in place
                with store.making_model(step.name, step.fingerprints[step.name], {}) as (made, work):
                    return make(
                        plan.recipe, step.name, plan.corpus, place, folder=made, work=work, update=update
                    )
            return make(plan.recipe, step.name, plan.corpus, place, folder=folder, work=work, update=update)

        monkeypatch.setattr(making, "make_model", launched)
        monkeypatch.setattr(launch_module, "make_model", launched)

    def test_make_the_same_models(self, workshop: Workshop) -> None:
        paths = train(make_plan(fake_recipe()), launch=Launch(2))
        assert [path.name for path in paths] == ALL
        assert [(number, stage) for number, stage, _ in self.launched] == [(2, name) for name in ALL]
        workshop.forget()
        run(fake_recipe())
        assert not workshop.trained

    def test_on_another_machine_follow_the_first(self, workshop: Workshop) -> None:
        first = Store(Path("runs/fake"))
        with first.lock():  # the first machine holds it, and writes the recipe, the log and the lock
            train(make_plan(fake_recipe()), launch=Launch(2, 2, 1, "node0:29500"))
        assert [stage for _, stage, _ in self.launched] == ALL
        assert all("progress" in str(folder) for _, _, folder in self.launched)
        assert not Path("runs/fake/recipe.yaml").exists()

    def test_without_a_shared_disk_it_is_said(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(launch_module, "_PATIENCE", 0)
        monkeypatch.setattr(launch_module, "make_model", lambda *_, **__: None)
        with pytest.raises(UserError, match="must be on a file system that all machines see"):
            train(make_plan(fake_recipe()), launch=Launch(2, 2, 1, "node0:29500"))

    def test_need_what_the_recipe_asks_for(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(parallel, "find_spec", lambda name: None)
        recipe = with_stage("mt", tuning={"epochs": 1, "parallel": "zero3"})
        with pytest.raises(UserError, match=r"stages\.mt: tuning\.parallel=zero3 needs GPUs"):
            train(make_plan(recipe), launch=Launch(2))
        monkeypatch.setattr("ontarget.hardware.has_gpu", lambda: True)
        with pytest.raises(UserError, match=r"stages\.mt: .*zero3 needs deepspeed"):
            train(make_plan(recipe), launch=Launch(2))
        judged = {"every": 1, "lines": 1}
        in_parts = with_stage("mt", tuning={"epochs": 1, "parallel": "fsdp"}, evaluation=judged)
        with pytest.raises(UserError, match=r"stages\.mt: evaluation needs the whole model"):
            train(make_plan(in_parts), launch=Launch(2))
        assert not self.launched
        train(make_plan(recipe))  # one process holds it all


class TestDiagnosis:
    def test_of_a_model_on_disk_runs_without_training(self, workshop: Workshop) -> None:
        run(fake_recipe())
        workshop.forget()
        model = "runs/fake/models/mt"
        done = run(changed(name="diagnosis", stages={}, systems=["base", "ptl"], model=model))
        assert not workshop.trained
        assert workshop.loaded == ["mt"]
        assert {row["system"] for row in done.scores} == {"base", "ptl", "reference"}

    def test_of_a_model_that_changed_is_made_again(self, workshop: Workshop, corpus_files: Path) -> None:
        model = corpus_files / "theirs"
        model.mkdir()
        (model / "model.safetensors").write_bytes(b"x" * 300_000)
        recipe = changed(stages={}, systems=["base"], model=str(model))
        run(recipe)
        workshop.forget()
        run(recipe)
        assert not workshop.translated
        (model / "model.safetensors").write_bytes(b"x" * 299_999 + b"y")
        run(recipe)
        assert len(workshop.translated) == 6

    @pytest.mark.parametrize("model", ["./nowhere", "/nowhere/at/all", "runs/fake/models/mtt"])
    def test_of_no_model_is_one_sentence(self, workshop: Workshop, model: str) -> None:
        with pytest.raises(UserError, match="there is no model directory"):
            run(changed(stages={}, systems=["base"], model=model))


def test_two_processes_do_not_work_in_one_directory(workshop: Workshop) -> None:
    with (
        Store(Path("runs/fake")).lock(),
        pytest.raises(UserError, match="another process uses runs/fake"),
    ):
        run(fake_recipe())


def test_missing_extras_are_said_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_module, "find_spec", lambda name: None if name == "torch" else find_spec(name))
    with pytest.raises(UserError, match=r"models need torch: pip install 'ontarget\[train\]'"):
        run_module._require_models(fake_recipe(), [])


def test_what_a_stage_needs_is_missed_before_any_stage_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """But only by stages that are still to make."""
    pytest.importorskip("torch")
    from ontarget.training import requirements

    monkeypatch.setattr(requirements, "find_spec", lambda name: None)
    recipe = with_stage("lat", tuning={"steps": 1, "optim": "adamw_bnb_8bit"})
    with pytest.raises(UserError, match=r"stages\.lat\.tuning\.optim: adamw_bnb_8bit needs bitsandbytes"):
        run_module._require_models(recipe, ALL)
    run_module._require_models(recipe, ["base", "mt"])


def test_an_unknown_template_is_said_before_anything_is_made(
    workshop: Workshop,
) -> None:
    with pytest.raises(UserError, match="unknown prompt template 'alpacca'"):
        run(changed(template="alpacca"))
    assert not workshop.trained


def test_too_few_validation_lines_are_said_before_anything_is_made(workshop: Workshop) -> None:
    with pytest.raises(UserError, match=r"systems.5-shot.num_fewshot is 5, but validation has only 2 lines"):
        run(changed(systems=["5-shot"]))
    assert not workshop.trained


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def first_line(path: Path) -> None:
    path.write_bytes(path.read_bytes().split(b"\n")[0] + b"\n")


DAMAGE: dict[str, Callable[[Path], object]] = {
    "cut": cut,
    "emptied": lambda path: path.write_bytes(b""),
    "removed": Path.unlink,
    "first line": first_line,
    "not text": lambda path: path.write_bytes(b"\xff\xfe\x00"),
}
# What of a run may be damaged, and what is made again then.
FILES = {
    "outputs/mt/it-nl.jsonl": ["mt it-nl"],
    "outputs/mt/ontarget.json": [f"mt {direction}" for direction in DIRECTIONS],
    "scores.json": [],
    "details.json": [],
    "report.html": [],
    "ontarget.json": [],
    "log.jsonl": [],
    "recipe.yaml": [],
    "models/mt/log.jsonl": [],
}


class Told(Silent):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, line: str) -> None:
        self.lines.append(line)


class TestADamagedFile:
    @pytest.mark.parametrize("kind", DAMAGE)
    @pytest.mark.parametrize("file", FILES)
    def test_of_a_run_is_made_again_and_it_says_so(self, workshop: Workshop, file: str, kind: str) -> None:
        before = run(fake_recipe())
        scores, path = before.scores, before.directory / file
        whole = path.read_bytes()
        DAMAGE[kind](path)
        if path.exists() and path.read_bytes() == whole:
            pytest.skip("one line is all of it")
        workshop.forget()
        told = Told()
        assert run(fake_recipe(), progress=told).scores == scores
        assert (workshop.trained, workshop.translated) == ([], FILES[file])
        if path.name not in ("recipe.yaml", "log.jsonl"):
            assert path.stat().st_size == pytest.approx(len(whole), abs=100)  # times differ
            said = f"{path} is damaged; it counts as missing"
            # `ontarget report` also writes the page: a page that differs is nothing to report.
            assert (said in told.lines) == (kind != "removed" and file != "report.html")
        assert "complete" in "".join(run_again(told))

    @pytest.mark.parametrize("kind", DAMAGE)
    def test_a_record_of_a_model_makes_the_model_again(self, workshop: Workshop, kind: str) -> None:
        place = run(fake_recipe()).directory / "models" / "mt"
        DAMAGE[kind](place / "ontarget.json")
        workshop.forget()
        run(fake_recipe())
        assert workshop.trained == ["mt"]

    def test_outputs_that_an_older_version_recorded_and_that_lack_lines_are_a_sentence(
        self, workshop: Workshop
    ) -> None:
        folder = run(fake_recipe()).directory
        records = folder / "outputs/mt/ontarget.json"
        without = {
            key: {"fingerprint": of["fingerprint"]} for key, of in json.loads(records.read_text()).items()
        }
        records.write_text(json.dumps(without))
        (folder / "scores.json").unlink()
        path = folder / "outputs/mt/it-nl.jsonl"
        for damage, said in (
            (first_line, "does not have the 2 translations of the test set; delete it and run again"),
            (cut, "line 1: not a JSON object; remove the file and run the command again"),
        ):
            damage(path)
            with pytest.raises(UserError, match=said) as caught:
                run(fake_recipe())
            assert str(path) in str(caught.value)


def run_again(told: Told) -> list[str]:
    run(fake_recipe(), progress=told)
    return told.lines[-1:]


def test_lines_that_are_too_long_for_the_model_are_told_once_a_direction_and_scored_as_empty(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, engine = workshop.hypotheses, SimpleNamespace(context=SimpleNamespace(limit=64))

    def first_too_long(system, _, pairs, update):
        return [Hypothesis("", "too-long", 0.0, 0, 99), *made(system, "mt", pairs, update)[1:]]

    monkeypatch.setattr(systems, "hypotheses", first_too_long)
    monkeypatch.setattr(systems, "load_engine", lambda *_: engine)
    listener = Listener()
    done = run(fake_recipe(systems=["mt"]), progress=listener)
    told = [line for line in listener.said if "left empty" in line]
    assert [line.split(":")[0] for line in told] == [f"MT, {direction}" for direction in DIRECTIONS]
    assert told[0].endswith(
        "1 of 2 lines left empty: with their prompts they are too long for the model's context of 64 tokens"
    )
    rows = read_jsonl(done.directory / "outputs" / "mt" / "it-nl.jsonl")
    assert (rows[0]["text"], rows[0]["finish_reason"]) == ("", "too-long")
    strict = [row["value"] for row in done.scores if row["metric"] == "otr_strict"]
    assert strict
    assert min(strict) >= 50


def test_overrides_change_a_recipe_that_is_an_object_too(corpus_files: Path) -> None:
    plan = make_plan(fake_recipe(), {"stages.mt.tuning.learning_rate": 0.25})
    assert plan.recipe.stages["mt"].tuning.learning_rate == 0.25
    assert plan.recipe.languages == fake_recipe().languages
