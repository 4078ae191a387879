"""The checks of `ontarget recipes check`: everything that a recipe names, without making anything.

A run finds the same mistakes, but stops at the first one, after it has read all text.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from ontarget.corpora.beginnings import HEADER, SOME, Beginnings
from ontarget.corpora.catalogue.entry import entry
from ontarget.errors import UserError
from ontarget.model_place import locate
from ontarget.pipeline.planning.beginnings import directions_with_text, look_into
from ontarget.pipeline.planning.familiar import is_here
from ontarget.pipeline.planning.inputs import also_learnt, load_text, template_of, text_used, wanted_of
from ontarget.pipeline.planning.models import STACK, check_model
from ontarget.pipeline.planning.scorable import check_scorable
from ontarget.prompts.layout import needs_model
from ontarget.recipes.schema.kinds import made_from
from ontarget.recipes.schema.recipe import Recipe
from ontarget.recipes.schema.stages import Pretraining

OF_TEXT = {"corpus", "hold_out", "languages", "pivot", "directions", "split", "stages"}
"""Keys that decide which text is checked."""


@dataclass
class Findings:
    """The findings of a check.

    Attributes:
        wrong: mistakes; each is a sentence that begins with the recipe's key.
        notes: remarks, such as models that are not on this machine.
    """

    wrong: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @contextmanager
    def at(self, key: str) -> Iterator[None]:
        """Adds a mistake that the block raises, with its key."""
        try:
            yield
        except UserError as error:
            said = str(error)
            keyed = said.startswith((f"{key}:", f"{key}.", f"{key} '", "stages.", "systems."))
            self.add(said if keyed else f"{key}: {said}")

    def add(self, wrong: str) -> None:
        """Adds a mistake once."""
        if wrong not in self.wrong:
            self.wrong.append(wrong)

    def note(self, said: str) -> None:
        """Adds a remark once."""
        if said not in self.notes:
            self.notes.append(said)


def check(recipes: Sequence[Recipe], *, deep: bool = False) -> Findings:
    """Checks everything that recipes name: headers of files, and configurations and shapes of models.

    Args:
        recipes: one recipe, or the points of a sweep.
        deep: also reads and encodes the first segments of all text.
    """
    found, texts = Findings(), dict[str, Beginnings]()
    for recipe in recipes:
        with found.at("corpus"):
            recipe = _with_text(recipe, found)
        known_by = recipe.model_dump_json(include=OF_TEXT)
        if known_by not in texts:
            texts[known_by] = _look_at_text(recipe, found, SOME if deep else HEADER)
        with found.at("languages"):
            check_scorable(recipe)
        _look_at_models(recipe, found)
        _look_at_stages(recipe, found)
        if deep:
            look_into(recipe, texts[known_by], found.at, found.note)
        else:  # remarks on text would only say that little of it was read
            directions_with_text(recipe, texts[known_by], found.at, lambda remark: None)
    return found


def _with_text(recipe: Recipe, found: Findings) -> Recipe:
    """The recipe with the first of several sources of text that can be used."""
    if recipe.corpus.first_available is None:
        return recipe
    chosen, corpus = load_text(recipe)
    found.note(f"corpus: {text_used(chosen, corpus)}")
    return chosen


def _look_at_text(recipe: Recipe, found: Findings, count: int) -> Beginnings:
    source, text = recipe.corpus, Beginnings(count)
    if source.plain:
        text.plain(source.plain.model_dump(exclude_none=True), recipe.languages)
    elif source.files:
        of = source.files
        text.files(of.splits(), recipe.languages, of.format, of.columns)
    elif source.catalogue:
        chosen = source.catalogue.chosen()
        sets = {*entry(source.catalogue.name).splits, *chosen}
        wanted = {split: d for split, d in wanted_of(recipe).items() if split in sets}
        text.catalogue(source.catalogue.name, chosen, wanted)
    elif source.sacrebleu:
        text.sacrebleu(source.sacrebleu.model_dump(exclude_none=True), wanted_of(recipe))
    _look_at_splits(recipe, found)
    for wrong in text.wrong:
        found.add(wrong)
    for note in text.notes:
        found.note(note)
    return text


def _look_at_splits(recipe: Recipe, found: Findings) -> None:
    """Checks that the recipe has a source for each split that it needs."""
    needed: dict[str, str] = {recipe.split: "is translated (`split`)"}
    if any(stage.start is not None for stage in recipe.stages.values()):
        needed["train"] = "the stages learn from"
    for name, stage in recipe.stages.items():
        if stage.evaluation:
            needed["validation"] = f"stages.{name} is evaluated on (`evaluation`)"
    for name, system in recipe.systems.items():
        if system.num_fewshot:
            needed["validation"] = f"systems.{name} takes its demonstrations from"
    for split, why in needed.items():
        held = split in (recipe.hold_out.numbers() if recipe.hold_out else ())
        source = recipe.corpus
        usual = source.catalogue and split in entry(source.catalogue.name).splits
        if not (held or usual or source.phrasebook or source.names(split)):
            found.add(f"corpus: there is no '{split}', which {why}; add its files or test set")


def _look_at_models(recipe: Recipe, found: Findings) -> None:
    """Checks each model that the recipe names but does not make."""
    named: dict[str, tuple[str, bool]] = {}
    for name, stage in recipe.stages.items():
        for key, model in made_from(stage).items():
            if recipe.stage_of(model) is None:
                tuned = key == "from" or named.get(model, ("", False))[1]
                named[model] = (f"stages.{name}.{key}", tuned)
    for name, system in recipe.systems.items():
        with found.at("model"):
            model = recipe.model_of(name)
            if recipe.stage_of(model) is None:
                named.setdefault(model, (f"systems.{name}.model" if system.model else "model", False))
    here = all(map(find_spec, STACK))
    for model, (key, tuned) in named.items():
        if recipe.on_server(model):
            found.note(f"{key}: '{model}' is a server; not asked")
            continue
        with found.at(key):
            place = locate(model)
            if not isinstance(place, Path):
                found.note(f"{key}: '{model}' is loaded from the Hugging Face Hub; not checked")
            elif here:
                check_model(recipe, model, tuned=tuned)
            else:
                found.note(f"{key}: not checked; models can be checked if the extra `train` is installed")


def _look_at_stages(recipe: Recipe, found: Findings) -> None:
    """Checks the template, general instructions, and runs whose counts a stage uses."""
    roots = {start for stage in recipe.stages.values() if (start := stage.start) not in recipe.stages}
    with found.at("template"):
        if needs_model(recipe.template):
            for model in roots or {recipe.model}:
                if model is not None and is_here(model):
                    template_of(recipe, model)
    for name, stage in recipe.stages.items():
        root = recipe.root_of(name)
        told = root is None or is_here(root) or not needs_model(recipe.template)
        if not isinstance(stage, Pretraining) and told:
            with found.at(f"stages.{name}"):
                also_learnt(recipe, name)
