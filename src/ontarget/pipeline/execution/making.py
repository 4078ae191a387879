"""Makes the steps of a plan, one at a time: synthetic text, models, outputs, scores, report."""

import time
from pathlib import Path
from typing import Any

from ontarget.checkpoints.size import parameters
from ontarget.files import write_json, write_jsonl
from ontarget.languages import Direction
from ontarget.pipeline.evaluation import agreed
from ontarget.pipeline.evaluation.score import read_outputs, score
from ontarget.pipeline.execution import stages, synthetic, systems
from ontarget.pipeline.execution.distillation_sources import settings_of, teacher_of
from ontarget.pipeline.execution.launch import Launch, make_model
from ontarget.pipeline.execution.progress import Progress, noted, part_of
from ontarget.pipeline.planning.artifacts import Made
from ontarget.pipeline.planning.inputs import template_of
from ontarget.pipeline.planning.pace import stopwatch, work_record
from ontarget.pipeline.planning.plan import Plan, version_of
from ontarget.pipeline.planning.step import Step
from ontarget.pipeline.planning.tuned_on import tuned_on
from ontarget.pipeline.planning.work import Counter
from ontarget.reporting import details, report
from ontarget.reporting.systems import display_name
from ontarget.scoring.language_id.identifier import default_identifier
from ontarget.settings.decoding import Precision


class Maker:
    """Makes steps whose needs are made. The model that translated last is kept for the next step.

    Args:
        plan: the steps of a recipe.
        progress: receives messages and progress.
        launch: how many processes train a model.
        timed: whether `--plan` may learn from the times, since no other process uses the GPU.
    """

    def __init__(self, plan: Plan, progress: Progress, launch: Launch, *, timed: bool = True) -> None:
        self.launch, self.timed = launch, timed
        self.plan, self.recipe, self.store, self.progress = plan, plan.recipe, plan.store, progress
        self._engine: tuple[tuple[str, Precision], Any] | None = None
        self._counter = Counter(plan)

    def make(self, step: Step) -> None:
        """Makes the parts of a step that are to do."""
        if step.kind != "outputs":
            self._engine = None
        make = {
            "synthetic": self._synthetic,
            "model": self._model,
            "outputs": self._outputs,
            "scores": self._scores,
            "report": self._report,
        }
        make[step.kind](step)

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
        counted = work_record(self._counter, step, step.todo) if self.timed else None
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
                    work = work_record(self._counter, step, [str(direction)]) if self.timed else None
                    if work and idle:
                        work["seconds"] = round(idle(), 3)
                    made = Made(step.fingerprints[str(direction)], seconds, size, work)
                    write(str(direction), rows, made)
                    if said := systems.left_empty(answers, self._engine[1]):
                        self.progress.say(f"{what}, {direction}: {said}")
                    done += len(pairs)

    def _scores(self, step: Step) -> None:
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


_COUNTED = {
    "dropped": "dropped at tuning.max_length={.max_length} tokens",
    "truncated": "truncated at tuning.max_length={.max_length} tokens",
    "ambiguous": "to unlearn left out: none of their tokens identifies a language",
    "unrevealing": "to unlearn left out: the model gives them the same probability under both instructions",
}
