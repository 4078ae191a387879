"""Checks the first segments of a recipe's text: present, known to the models' tokenizers, short enough."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from importlib.util import find_spec

from ontarget.corpora.beginnings import Beginnings
from ontarget.corpora.corpus import Corpus, Translation
from ontarget.errors import UserError, counted
from ontarget.languages import Direction
from ontarget.model_place import locate
from ontarget.pipeline.planning.artifacts import Store
from ontarget.pipeline.planning.directory import run_directory
from ontarget.pipeline.planning.familiar import is_here, unfamiliar
from ontarget.pipeline.planning.inputs import directions, learnt, template_of
from ontarget.pipeline.planning.lengths import check_lengths
from ontarget.pipeline.planning.models import STACK
from ontarget.pipeline.planning.plan import Plan
from ontarget.pipeline.planning.step import Step
from ontarget.prompts.encode import encode_prompt, encode_response
from ontarget.recipes.schema.recipe import Recipe
from ontarget.text import is_empty

_PAIRS = 200  # number of pairs of each direction that are encoded

At = Callable[[str], AbstractContextManager[None]]
Note = Callable[[str], None]


def look_into(recipe: Recipe, text: Beginnings, at: At, note: Note) -> None:
    """Checks the text of each direction, and how the models on this machine encode it.

    Args:
        recipe: the recipe.
        text: its first segments.
        at: a context manager for a key of the recipe, which notes a UserError.
        note: receives remarks.
    """
    corpus = text.corpus(recipe.name)
    there = directions_with_text(recipe, text, at, note)
    if not all(map(find_spec, STACK)):
        return
    for model, key in _roots(recipe).items():
        with at(key):
            for said in unfamiliar(recipe, model, corpus):
                note(f"{key}: {said}")
    plan = Plan(recipe, corpus, Store(run_directory(None, recipe.name)))
    for name in recipe.stages:
        with at(f"stages.{name}"):
            check_lengths(plan, [Step("model", name, {}, (name,), {})])
            _samples(recipe, name, corpus, note)
    if there:
        for name in recipe.systems:
            with at(f"systems.{name}"):
                for said in check_lengths(plan, [Step("outputs", name, {}, (name,), {})]):
                    note(said)


def directions_with_text(recipe: Recipe, text: Beginnings, at: At, note: Note) -> bool:
    """Whether each translated direction has text; reports the directions without text.

    They are mistakes if the headers and names of all files show their languages, or all text was read.
    Otherwise they are remarks.
    """
    if recipe.corpus.phrasebook or recipe.corpus.everyday:
        return False  # text of ours, in its own languages
    held = recipe.hold_out.numbers() if recipe.hold_out else ()
    wanted: dict[str, list[Direction]] = {recipe.split: directions(recipe)}
    if any(stage.start is not None for stage in recipe.stages.values()):
        wanted["train"] = learnt(recipe)
    corpus, complete = text.corpus(recipe.name), True
    for split, of_split in wanted.items():
        read = "train" if split in held else split
        if not text.splits.get(read) and (read in text.cut or read not in text.splits):
            complete = False
            continue  # the reader of the text reports the reason
        complete = complete and split == read
        for direction in of_split:
            try:
                pairs = corpus.pairs(read, direction)
            except UserError as error:
                wrong = UserError(f"{error}; check `languages`, and the files of '{read}'")
                undecided = text.open
            else:
                if any(_written(pairs[:])):
                    continue
                wrong = UserError(f"corpus: '{read}' has only empty segments from {_named(direction)}")
                undecided = text.cut
            complete = False
            if read in undecided:
                note(f"{read}: no text from {_named(direction)} in the first {text.count:,} segments")
            else:
                with at("corpus"):
                    raise wrong
    return complete


def _named(direction: Direction) -> str:
    return f"{direction.source.name()} to {direction.target.name()} ({direction})"


def _written(pairs: Iterable[Translation]) -> Iterable[Translation]:
    return (pair for pair in pairs if not is_empty(pair.source) and not is_empty(pair.target))


def _roots(recipe: Recipe) -> dict[str, str]:
    """Models on this machine that the recipe does not make -> the key that names each."""
    named = [(f"stages.{name}.from", stage.start) for name, stage in recipe.stages.items()]
    named += [(f"systems.{name}.model", system.model) for name, system in recipe.systems.items()]
    named.append(("model", recipe.model))
    roots: dict[str, str] = {}
    for key, model in named:
        if model is not None and recipe.stage_of(model) is None and is_here(model):
            roots.setdefault(model, key)
    return roots


def _samples(recipe: Recipe, name: str, corpus: Corpus, note: Note) -> None:
    """Whether prompts and responses of a stage leave room under `tuning.max_length`."""
    from ontarget.checkpoints import load

    stage, root = recipe.stages[name], recipe.root_of(name)
    if root is None or not is_here(root) or "train" not in corpus.splits:
        return
    tokenizer, template, limit = (
        load.load_tokenizer(locate(root)),
        template_of(recipe, name),
        stage.tuning.max_length,
    )
    long = total = 0
    for direction in learnt(recipe, stage):
        try:
            pairs = corpus.pairs("train", direction)[:_PAIRS]
        except UserError:
            continue  # `directions_with_text` reports it
        for pair in _written(pairs):
            prompt = encode_prompt(tokenizer, template.render(pair.source, direction))
            response = encode_response(tokenizer, pair.target, template.separator, eos=False)
            total += 1
            long += len(prompt) + len(response) >= limit
    if total and long == total:
        raise UserError(
            f"stages.{name}.tuning.max_length is {limit}, and none of the first {total} prompts fits "
            "into it together with its response; raise it"
        )
    if long:
        note(
            f"stages.{name}: {counted(long, 'sample')} of the first {total} would be truncated or dropped at "
            f"tuning.max_length={limit}"
        )
