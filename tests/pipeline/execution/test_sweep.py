"""A sweep with training and translation replaced: what its points share, what is done again, what is kept."""

import json
from collections import Counter
from pathlib import Path

import pytest
import yaml
from tests.pipeline.conftest import RECIPE, Workshop, fake_recipe
from typer.testing import CliRunner

from ontarget.cli.app import app
from ontarget.errors import UserError
from ontarget.former_names import former
from ontarget.pipeline.execution import shipped_points
from ontarget.pipeline.execution.progress import Silent
from ontarget.pipeline.execution.share import PointShare
from ontarget.pipeline.execution.sweep import make_sweep
from ontarget.pipeline.planning import inputs
from ontarget.pipeline.planning.artifacts import Store
from ontarget.pipeline.run import carry_out as run_plan
from ontarget.pipeline.run import make_plan, run

ALPHAS = {"stages.lat.alpha": [0.1, 0.2, 0.4]}


def sweep(**changes: object):
    """The sweep of a file, as a user has it."""
    Path("swept.yaml").write_text(yaml.safe_dump(RECIPE | {"name": "swept", "sweep": ALPHAS} | changes))
    return make_sweep("swept.yaml")


def test_what_points_have_in_common_is_made_once(workshop: Workshop) -> None:
    results = sweep().carry_out()
    assert workshop.trained == ["base", "mt", "lat", "ontarget", "lat", "lat"]
    assert workshop.translated.count("mt it-nl") == workshop.translated.count("ontarget it-nl") == 1
    assert workshop.translated.count("lat it-nl") == 3
    assert [result["values"] for result in results] == [
        {"stages.lat.alpha": alpha} for alpha in (0.1, 0.2, 0.4)
    ]
    for alpha in (0.1, 0.2, 0.4):
        folder = Path(f"runs/swept/alpha={alpha}")
        assert (folder / "report.html").exists()
        assert (folder / "models" / "ontarget" / "model").read_text() == ">base>mt>ontarget"
        scores = json.loads((folder / "scores.json").read_text())
        assert {row["system"] for row in scores} == {*RECIPE["systems"], "reference"}
        assert yaml.safe_load((folder / "recipe.yaml").read_text())["stages"]["lat"]["alpha"] == alpha


def test_each_point_is_a_small_file_known_by_what_made_it(workshop: Workshop) -> None:
    swept = sweep()
    results = swept.carry_out()
    files = sorted(Path("runs/swept/points").iterdir())
    assert {file.stem for file in files} == {planned.file.stem for planned in swept.planned}
    by_value = {json.loads(file.read_text())["values"]["stages.lat.alpha"]: file for file in files}
    assert sorted(by_value) == [0.1, 0.2, 0.4]
    assert json.loads(by_value[0.2].read_text()) == results[1]
    assert results[1]["scores"] == json.loads(Path("runs/swept/alpha=0.2/scores.json").read_text())
    segments = results[1]["segments"]
    assert segments == json.loads(Path("runs/swept/alpha=0.2/details.json").read_text())["segments"]
    assert set(segments["zero-shot"]["packed"]) == set(RECIPE["systems"])


def test_a_point_whose_file_is_there_is_done_even_without_its_run(workshop: Workshop) -> None:
    sweep().carry_out()
    for model in Path("runs/swept").glob("*/models/*/model"):
        model.unlink()
    workshop.forget()
    assert len(sweep().carry_out()) == 3
    assert not workshop.trained
    assert not workshop.translated


def test_a_value_that_is_added_is_one_point_more(workshop: Workshop) -> None:
    sweep().carry_out()
    workshop.forget()
    sweep(sweep={"stages.lat.alpha": [0.1, 0.2, 0.3, 0.4]}).carry_out()
    assert workshop.trained == ["lat"]
    assert {line.split(" ")[0] for line in workshop.translated} == {"lat"}


def test_a_sweep_goes_on_from_where_it_was_killed(workshop: Workshop) -> None:
    workshop.fail_at = "lat en-it"
    with pytest.raises(KeyboardInterrupt):
        sweep().carry_out()
    assert not list(Path("runs/swept").glob("points/*"))
    workshop.fail_at = None
    workshop.forget()
    sweep().carry_out()
    assert workshop.trained == ["lat", "lat"]  # of the points after it
    assert workshop.translated[0] == "lat en-it"
    assert len(list(Path("runs/swept").glob("points/*"))) == 3


def test_shares_together_run_each_point_once(workshop: Workshop) -> None:
    sweep()  # writes the recipe
    first = make_sweep("swept.yaml", share=PointShare(1, 2)).carry_out()
    assert [result["values"]["stages.lat.alpha"] for result in first] == [0.1]
    assert len(json.loads(Path("runs/swept/points.json").read_text())) == 3
    workshop.forget()
    both = make_sweep("swept.yaml", share=PointShare(2, 2)).carry_out()
    assert [result["values"]["stages.lat.alpha"] for result in both] == [0.1, 0.2, 0.4]
    assert workshop.trained == ["lat", "lat"]
    workshop.forget()
    assert sweep().carry_out() == both
    assert not workshop.trained
    assert not list(Path("runs/swept").glob(".*lock"))


def test_a_share_runs_beside_another_one(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    swept = sweep()
    with swept.planned[0].plan.store.lock():  # as the process of the first share holds it
        found = make_sweep("swept.yaml", share=PointShare(2, 2)).carry_out()
        assert len(found) == 2
        with pytest.raises(UserError, match=r"another process uses runs/swept/alpha=0\.1"):
            make_sweep("swept.yaml", share=PointShare(1, 2)).carry_out()


def test_runs_and_text_are_read_as_often_for_many_points_as_for_few(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading all of them after each point would cost the square of their number."""
    looked, hashed = list[Path](), list[int]()
    found, digest = Store.found, inputs.text_fingerprint
    monkeypatch.setattr(Store, "found", lambda self: looked.append(self.directory) or found(self))
    monkeypatch.setattr(inputs, "text_fingerprint", lambda lines: hashed.append(len(lines)) or digest(lines))
    sweep(sweep={"stages.lat.alpha": [number / 10 for number in range(1, 9)]}).carry_out()
    assert max(Counter(looked).values()) == 2  # at the beginning, and when the point was made
    assert len(hashed) == len(RECIPE["languages"])


def test_a_share_takes_what_another_one_makes_meanwhile(workshop: Workshop) -> None:
    axes = {"test_lines": [1, 2], "stages.lat.alpha": [0.1, 0.2]}
    theirs = sweep(sweep=axes).planned[1].plan

    class Beside(Silent):
        def say(self, line: str) -> None:
            if line.startswith("point 4"):
                run_plan(theirs)

    make_sweep("swept.yaml", share=PointShare(2, 2)).carry_out(Beside())
    assert workshop.trained == ["base", "mt", "lat", "ontarget", "lat"]  # the last one by the other process


def test_more_shares_than_points_are_refused(workshop: Workshop) -> None:
    sweep()
    with pytest.raises(UserError, match="--points 1/4: 'swept' has only 3 points; use at most 3 shares"):
        make_sweep("swept.yaml", share=PointShare(1, 4))


def test_what_another_run_has_made_is_taken_from_there(workshop: Workshop) -> None:
    run(fake_recipe())
    workshop.forget()
    sweep().carry_out()
    assert workshop.trained == ["lat", "lat", "lat"]  # its alpha was another
    assert {line.split(" ")[0] for line in workshop.translated} == {"lat"}
    theirs, ours = (Path("runs") / name / "models/base/model" for name in ("fake", "swept/alpha=0.1"))
    assert theirs.samefile(ours)  # and takes no room on the disk


def test_a_missing_step_is_counted_in_the_first_point_that_needs_it(workshop: Workshop) -> None:
    def todo() -> list[list[str]]:
        return [[step.id for step in steps if step.todo] for _, steps in sweep().missing()]

    first, *others = todo()
    assert len(first) == 4 + 6 + 2
    assert others == [["model/lat", "outputs/lat", "scores/scores.json", "report/report.html"]] * 2
    assert not Path("runs").exists()
    sweep().carry_out()
    assert todo() == []


def test_keys_that_go_together_are_one_axis(workshop: Workshop) -> None:
    both = {"stages.lat.alpha, stages.ontarget.alpha": [0.1, 0.2], "test_lines": [1, 2]}
    planned = sweep(sweep=both).planned
    assert [point.point.label for point in planned] == [
        "alpha=0.1,test_lines=1",
        "alpha=0.1,test_lines=2",
        "alpha=0.2,test_lines=1",
        "alpha=0.2,test_lines=2",
    ]
    for point in planned:
        alphas = {point.point.recipe.stages[name].alpha for name in ("lat", "ontarget")}
        assert alphas == {point.point.values["stages.lat.alpha, stages.ontarget.alpha"]}


def test_the_steps_of_one_run_are_points(workshop: Workshop) -> None:
    stages = RECIPE["stages"] | {
        "lat": RECIPE["stages"]["lat"] | {"tuning": {"max_steps": 4, "checkpoint_steps": [0, 2]}}
    }
    swept = sweep(stages=stages, systems=["lat"], sweep={"systems.lat.step": [0, 2, None]})
    swept.carry_out()
    assert workshop.trained == ["base", "mt", "lat", "ontarget"]
    assert workshop.loaded == ["step-0", "step-2", "lat"]
    assert len({planned.plan.scores for planned in swept.planned}) == 3


def test_values_that_change_nothing_are_points_all_the_same(workshop: Workshop) -> None:
    results = sweep(sweep={"about": ["x", "y"]}).carry_out()
    assert [result["values"] for result in results] == [{"about": "x"}, {"about": "y"}]
    assert results[0]["scores"] == results[1]["scores"]
    assert workshop.trained == ["base", "mt", "lat", "ontarget"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sweep": {"stages.lat.alpa": [1]}}, "swept.yaml at alpa=1: unknown key 'stages.lat.alpa'"),
        ({"sweep": {"stages.lta.alpha": [1]}}, "there is no 'stages.lta'; did you mean 'lat'"),
        (
            {"sweep": {"stages.lat.alpha": [1, -1]}},
            r"at alpha=-1: 'stages.lat.alpha' is -1: should be greater",
        ),
        ({"sweep": {"stages.lat.alpha": []}}, "'sweep.stages.lat.alpha' is"),
        ({"sweep": {"stages.lat.alpha": [1, 1]}}, "two points of its sweep have the same name alpha=1"),
        ({"sweep": {"systems.lat.step": [7]}}, "at step=7: 'systems.lat.step' is 7, but 'lat' keeps none"),
    ],
)
def test_a_wrong_point_is_found_before_the_first(
    workshop: Workshop, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(UserError, match=message) as caught:
        sweep(**changes)
    assert "\n" not in str(caught.value)
    assert not Path("runs").exists()


def test_a_sweep_is_no_single_run(workshop: Workshop) -> None:
    with pytest.raises(UserError, match=r"'fake' sweeps stages\.lat\.alpha"):
        make_plan(fake_recipe(sweep=ALPHAS))


def test_seeds_share_the_base_and_nothing_else(workshop: Workshop) -> None:
    sweep(
        sweep={"variants": {"lat": {"stages.ontarget": None, "systems": ["lat"]}}, "seeds": [1, 2]}
    ).carry_out()
    assert workshop.trained == ["base", "mt", "lat", "mt", "lat"]


@pytest.mark.parametrize("more", [{}, {"segments": {"zero-shot": {}}}])
def test_what_ships_with_a_recipe_is_done(
    workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: dict[str, object]
) -> None:
    swept = sweep()
    first = swept.planned[0].file.stem
    rows = [{"system": "lat", "kind": "zero-shot", "direction": "avg", "metric": "otr", "value": 1.0}]
    point = {"values": {"stages.lat.alpha": 0.1}, "scores": rows, **more}
    monkeypatch.setattr(shipped_points, "SHIPPED", tmp_path)
    shipped_points.write("swept", {first: point})
    known = sweep()
    assert [planned.done for planned in known.planned] == [True, False, False]
    results = known.carry_out()
    assert results[0] == point
    assert workshop.trained == ["base", "mt", "lat", "ontarget", "lat"]
    order = json.loads(Path("runs/swept/points.json").read_text())
    assert order == [planned.file.stem for planned in known.planned]


def test_a_release_makes_no_point_anew(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    before = [planned.file.name for planned in sweep().planned]
    monkeypatch.setattr("ontarget.pipeline.planning.plan.version_of", lambda package: "9.9.9")
    assert [planned.file.name for planned in sweep().planned] == before


REFERENCED = {
    "variants": {
        "lat": {"stages.ontarget": None, "systems": ["lat"]},
        "ontarget": {"stages.lat": None, "systems": ["ontarget"]},
    },
    "seeds": [1, 2],
    "reference": "ontarget",
}


def _report() -> str:
    done = CliRunner().invoke(app, ["report", "swept", "--markdown"])
    assert done.exit_code == 0, done.output
    return done.output


def test_points_are_tested_against_the_variant_that_their_grid_names(workshop: Workshop) -> None:
    before = [planned.file.name for planned in sweep(sweep=REFERENCED | {"reference": "lat"}).planned]
    swept = sweep(sweep=REFERENCED)
    assert [planned.file.name for planned in swept.planned] == before  # it makes no point another one
    swept.carry_out()
    found = json.loads(Path("runs/swept/significance.json").read_text())["differences"]
    assert {(row["values"]["variant"], row["system"], row["reference"], row["seeds"]) for row in found} == {
        ("lat", "lat", "ontarget", 2)
    }
    differences = {(row["kind"], row["metric"]): row["difference"] for row in found}
    assert differences["zero-shot", "otr"] == 100.0
    assert differences["supervised", "otr"] == differences["supervised", "bleu"] == 0.0
    output = _report()
    assert "swept: differences from ontarget over their common seeds" in output
    (row,) = [line for line in output.splitlines() if line.startswith("| lat (2) |")]
    assert "+100.00, p 1.000 |" in row  # two lines can give no more than p = 1/2, of each of two tests
    assert "not for variance across seeds" in output


def test_what_is_there_is_tested_even_if_the_rest_is_never_made(workshop: Workshop) -> None:
    sweep(sweep=REFERENCED).carry_out()
    Path("runs/swept/significance.json").unlink()
    workshop.fail_at = "train mt"
    with pytest.raises(KeyboardInterrupt):
        sweep(sweep=REFERENCED | {"seeds": [1, 2, 3]}).carry_out()
    assert json.loads(Path("runs/swept/significance.json").read_text())["differences"][0]["seeds"] == 2


def test_a_sweep_that_names_no_reference_is_not_tested(workshop: Workshop) -> None:
    sweep(sweep=REFERENCED).carry_out()
    sweep(sweep={key: value for key, value in REFERENCED.items() if key != "reference"}).carry_out()
    assert not Path("runs/swept/significance.json").exists()
    assert "differences" not in _report()


def test_points_that_were_made_under_former_names_are_done(workshop: Workshop) -> None:
    stages = {name: former(settings, "stages.*") for name, settings in RECIPE["stages"].items()}
    old = sweep(
        stages=stages, sweep={"stages.lat.tuning.steps": [1, 2], "stages.lat.tuning.schedule": ["constant"]}
    )
    results = old.carry_out()
    assert stages["base"]["kind"] == "language-modelling"
    for planned in old.planned:  # as version 0.1.0 wrote them
        result = json.loads(planned.file.read_text())
        planned.file.write_text(json.dumps(result | {"values": former(result["values"])}))
        assert "stages.lat.tuning.steps" in planned.file.read_text()
    workshop.forget()
    new = {
        "stages.lat.tuning.max_steps": [1, 2],
        "stages.lat.tuning.lr_scheduler_type": ["constant_with_warmup"],
    }
    assert sweep(sweep=new).carry_out() == results
    assert not workshop.trained
