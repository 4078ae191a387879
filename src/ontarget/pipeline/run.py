"""`ontarget.run`: executes the missing steps of a recipe."""

import json
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ontarget.checkpoints.size import parameters
from ontarget.deprecations import deprecations_unsaid
from ontarget.errors import UserError
from ontarget.files import full_disk_said, read_jsonl, whole_file, write_json, write_jsonl
from ontarget.languages import Direction
from ontarget.pipeline.evaluation import agreed
from ontarget.pipeline.evaluation.score import read_outputs, score
from ontarget.pipeline.execution import stages, synthetic, systems
from ontarget.pipeline.execution.distillation_sources import settings_of, teacher_of
from ontarget.pipeline.execution.launch import Launch, follow, make_model
from ontarget.pipeline.execution.progress import Progress, Silent, noted, part_of
from ontarget.pipeline.finished import Run
from ontarget.pipeline.planning.artifacts import Made, Store
from ontarget.pipeline.planning.directory import run_directory
from ontarget.pipeline.planning.inputs import left_out, load_text, template_of
from ontarget.pipeline.planning.models import check_models
from ontarget.pipeline.planning.pace import stopwatch, work_record
from ontarget.pipeline.planning.plan import Plan, version_of
from ontarget.pipeline.planning.resolved import write_resolved
from ontarget.pipeline.planning.served import load_fitting
from ontarget.pipeline.planning.shelf import EMPTY, Shelf, shelf, take_over
from ontarget.pipeline.planning.step import Step
from ontarget.pipeline.planning.tuned_on import tuned_on
from ontarget.pipeline.planning.work import Counter
from ontarget.recipes.loading import Overrides
from ontarget.recipes.schema.grid import keys
from ontarget.recipes.schema.recipe import Recipe
from ontarget.reporting import details, report
from ontarget.reporting.systems import display_name
from ontarget.scoring.language_id.identifier import default_identifier
from ontarget.settings.decoding import Precision


def run(
    recipe: str | Path | Recipe = "phrasebook-tiny",
    overrides: Overrides = (),
    directory: Path | str | None = None,
    progress: Progress | None = None,
) -> Run:
    """Runs a recipe end to end: models, outputs, scores, report. Redoes only missing or changed steps.

        run = ontarget.run("phrasebook-tiny", {"test_lines": 50})
        print(run)

    Args:
        recipe: the name of a recipe that ships with ontarget, or the path of your own.
        overrides: `{"stages.lat.alpha": 0.1}` or `["stages.lat.alpha=0.1"]`.
        directory: the run directory; default: `runs/<name of the recipe>`.
        progress: receives messages and progress.
    Raises:
        UserError: the recipe, its text or its models are wrong, or another process uses the directory.
    """
    return carry_out(make_plan(recipe, overrides, directory, progress), progress)


def carry_out(plan: Plan, progress: Progress | None = None, there: Shelf | None = None) -> Run:
    """Executes the missing steps of a plan.

    Args:
        plan: the steps of a recipe.
        progress: receives messages and progress.
        there: artifacts of other runs that may be taken over; default: those of all runs in `runs/`.
    """
    progress = progress or Silent()
    there = shelf() if there is None else there
    # Finds mistakes before the directory is made; the steps are read again under the lock.
    for line in check_models(plan, plan.everything(there)):
        progress.say(line)
    with plan.store.lock(), full_disk_said(plan.store.directory), deprecations_unsaid():
        for line in take_over(plan.store, plan.everything(there), there):
            progress.say(line)
        _Work(plan, progress).do(plan.everything())
    return Run(plan.store.directory)


def train(
    plan: Plan, stage: str | None = None, progress: Progress | None = None, launch: Launch | None = None
) -> list[Path]:
    """Trains the models of a recipe, or one model and those that it starts from; returns their folders.

    Models that another run in `runs/` has are taken over, unless several machines train: all of them must
    know the same steps.

    Args:
        plan: the steps of a recipe.
        stage: the stage to train; default: all.
        progress: receives messages and progress.
        launch: several processes, perhaps on several machines, each of which calls this function.
    """
    launch = launch or Launch()
    there = shelf() if launch.machines == 1 else EMPTY
    steps = plan.training(stage, there)  # as above
    check_models(plan, steps)
    if not launch.alone:
        launch.require({step.name: plan.recipe.stages[step.name] for step in steps if step.kind == "model"})
    if launch.machine_rank:
        follow(launch, plan, steps, progress or Silent())
    else:
        with plan.store.lock(), full_disk_said(plan.store.directory), deprecations_unsaid():
            for line in take_over(plan.store, plan.training(stage, there), there):
                (progress or Silent()).say(line)
            steps = plan.training(stage)
            _Work(plan, progress or Silent(), launch).do(steps)
    return [plan.store.model(step.name) for step in steps if step.kind == "model"]


def make_plan(
    recipe: str | Path | Recipe,
    overrides: Overrides = (),
    directory: Path | str | None = None,
    progress: Progress | None = None,
) -> Plan:
    """Reads a recipe and its text; writes nothing except the cache."""
    loaded = load_fitting(recipe, overrides, progress.say if progress else None)
    if loaded.sweep:
        raise UserError(
            f"'{loaded.name}' sweeps {', '.join(keys(loaded.sweep))}; run it with 'ontarget run', "
            "or set sweep=null for a single run"
        )
    loaded, corpus = load_text(loaded, progress)
    return Plan(loaded, corpus, Store(run_directory(directory, loaded.name)))


class _Work:
    """Executes the steps of a plan in order, under the lock of its directory."""

    def __init__(self, plan: Plan, progress: Progress, launch: Launch = Launch()) -> None:  # noqa: B008
        self.launch = launch
        self.plan, self.recipe, self.store, self.progress = plan, plan.recipe, plan.store, progress
        self._engine: tuple[tuple[str, Precision], Any] | None = None
        self._counter = Counter(plan)

    def do(self, steps: Sequence[Step]) -> None:
        """Makes all parts that are to do."""
        for store in map(self.plan.store_of, self.plan.texts):
            store.remove_leftovers(self.recipe.stages, self.recipe.systems)
            for path in store.damaged():
                self.progress.say(f"{path} is damaged; it counts as missing")
        todo = [step for step in steps if step.todo]
        if any(step.kind in ("synthetic", "model", "outputs") for step in todo):
            _require_models(self.recipe, [step.name for step in todo if step.kind == "model"])
        write_resolved(self.recipe, self.store.directory, remade=any(step.kind != "report" for step in todo))
        self._join_logs()
        if any(step.kind == "model" for step in todo):
            for line in left_out(self.plan.corpus):
                self.progress.say(line)
        do = {
            "synthetic": self._synthetic,
            "model": self._model,
            "outputs": self._outputs,
            "scores": self._scores,
            "report": self._report,
        }
        for step in todo:
            do[step.kind](step)
            if step.kind == "model":
                self._join_logs()
        if not todo:
            self.progress.say(f"nothing to do: {self.store.directory} is complete")

    def _synthetic(self, step: Step) -> None:
        place = self.plan.place(teacher_of(settings_of(self.recipe, step.name)))
        todo = {direction: step.fingerprints[direction] for direction in step.todo}
        synthetic.make(self.recipe, step.name, self.plan.corpus, self.store, place, todo, self.progress)

    def _model(self, step: Step) -> None:
        for notice in stages.notices(self.recipe, step.name, self.plan.corpus):
            self.progress.say(f"{step.name}: {notice}")
        template = template_of(self.recipe, step.name).name
        about: dict[str, Any] = {"template": template, "version": version_of("ontarget")}
        about |= {"seconds": 0.0, **tuned_on(self.recipe, step.name, self.plan.corpus)}
        counted = work_record(self._counter, step, step.todo)
        making = self.store.making_model(step.name, step.fingerprints[step.name], about)
        with self.progress.task(f"training {step.name}") as advance, making as (folder, work):

            def update(done: int, steps: int, record: dict[str, Any]) -> None:
                if "notice" in record:
                    self.progress.say(f"{step.name}: {record['notice']}")
                advance(done, steps, noted(record))

            began, idle = time.monotonic(), stopwatch() if self.launch.alone else None
            counts = self._train(step, folder, work, update)
            stages.keep_template(template, folder)
            about |= {**counts, "seconds": round(counts["seconds"], 1)}
            if counted:
                if idle:  # also of the time before an interruption
                    share = idle() / (time.monotonic() - began)
                    counted["seconds"] = round(share * counts["seconds"], 1)
                about["work"] = counted
        if counts["kept"] < counts["steps"]:
            self.progress.say(
                f"{step.name}: step {counts['kept']} had the best evaluation score; its weights are kept"
            )
        for what in filter(counts.get, _COUNTED):
            said = _COUNTED[what].format(self.recipe.stages[step.name].tuning)
            self.progress.say(f"{step.name}: {counts[what]} samples {said}")

    def _train(self, step: Step, folder: Path, work: Path, update: stages.Update) -> dict[str, Any]:
        if not self.launch.alone:
            return make_model(self.launch, self.plan, step, folder=folder, work=work, update=update)
        start = self.recipe.stages[step.name].start
        place = None if start is None else self.plan.place(start)
        return stages.make_model(
            self.recipe,
            step.name,
            self.plan.corpus,
            place,
            folder=folder,
            work=work,
            store=self.store,
            update=update,
        )

    def _outputs(self, step: Step) -> None:
        model = self.recipe.model_of(step.name)
        system = systems.system_of(self.recipe, step.name, self.plan.corpus)
        if absent := systems.without_texts(self.recipe, system):
            self.progress.say(
                f"{display_name(step.name)}: no prompt texts in {', '.join(absent)}; using English prompts"
            )
        text, store = self.plan.texts[step.test], self.plan.store_of(step.test)
        todo = {d: text.pairs(d) for d in map(Direction.parse, step.todo)}
        done, total = 0, sum(map(len, todo.values()))
        what = f"{display_name(step.name)}, {step.test}" if step.test else display_name(step.name)
        with self.progress.task(f"translating {what}") as advance:
            advance(done, total, "")
            key = model, self.recipe.decoding_of(step.name).precision
            served = self.recipe.on_server(model)
            if self._engine is None or self._engine[0] != key:
                self._engine = None  # frees the memory of the old model before the next one is loaded
                self._engine = key, systems.load_engine(served or self.plan.place(model), key[1])
            size = None if served else parameters(self.plan.place(model))
            with store.writing(step.name) as write:
                for direction, pairs in todo.items():
                    began, idle = time.monotonic(), None if served else stopwatch()
                    update = part_of(advance, done, len(pairs), total, str(direction))
                    answers = systems.hypotheses(system, self._engine[1], pairs, update)
                    rows = systems.rows(pairs, answers, default_identifier())
                    seconds = time.monotonic() - began
                    work = work_record(self._counter, step, [str(direction)])
                    if work and idle:
                        work["seconds"] = round(idle(), 3)
                    made = Made(step.fingerprints[str(direction)], seconds, size, work)
                    write(str(direction), rows, made)
                    if said := systems.left_empty(answers, self._engine[1]):
                        self.progress.say(f"{what}, {direction}: {said}")
                    done += len(pairs)

    def _scores(self, step: Step) -> None:
        self._engine = None
        text, store = self.plan.texts[step.test], self.plan.store_of(step.test)
        references = {d: [pair.target for pair in text.pairs(d)] for d in text.directions}
        outputs = read_outputs(store, self.recipe.systems, references)
        second, note = agreed.second_identifier(self.recipe)
        if note:
            self.progress.say(note)
        with (
            self.progress.task(f"scoring {step.test}".strip()) as advance,
            store.making(step.name, Made(step.fingerprints[step.name], 0), beside=[details.FILE]) as path,
        ):
            scored = score(
                outputs, references, text.kinds, rules=self.recipe.otr, second=second, advance=advance
            )
            # On one line, since indentation makes it ten times as long.
            write_jsonl(path.with_name(details.FILE), [scored.details | {"note": note}])
            write_json(path, scored.rows)

    def _report(self, step: Step) -> None:
        with (
            self.progress.task("report"),
            self.store.making(step.name, Made(step.fingerprints[step.name], 0)),
        ):
            report.write(self.store.directory)

    def _join_logs(self) -> None:
        """Writes `log.jsonl` from the logs of the existing models, so that it has no records of others."""
        path = self.store.directory / "log.jsonl"
        lines = []
        for stage in self.recipe.stage_order():
            log = self.store.model(stage) / "log.jsonl"
            records = read_jsonl(log, damaged="skip") if log.exists() else []
            lines += [json.dumps({"stage": stage, **record}) + "\n" for record in records]
        text = "".join(lines)
        if text.encode() != (path.read_bytes() if path.exists() else b""):
            with whole_file(path) as temporary:
                temporary.write_text(text, encoding="utf-8")


_COUNTED = {
    "dropped": "dropped at tuning.max_length={.max_length} tokens",
    "truncated": "truncated at tuning.max_length={.max_length} tokens",
    "ambiguous": "to unlearn left out: none of their tokens identifies a language",
    "unrevealing": "to unlearn left out: the model gives them the same probability under both instructions",
}


def _require_models(recipe: Recipe, to_train: Sequence[str]) -> None:
    """Checks for missing packages before the first stage, not after it."""
    if recipe.on_server(recipe.model):
        return
    missing = [package for package in ("torch", "transformers", "accelerate") if find_spec(package) is None]
    if missing:
        raise UserError(f"models need {' and '.join(missing)}: pip install 'ontarget[train]'")
    if to_train:
        from ontarget.training.requirements import require_available

        for stage in to_train:
            require_available(recipe.stages[stage].tuning, f"stages.{stage}.tuning")
