"""Checks before any work that samples and prompts fit into the context of their models."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ontarget.checkpoints.adapter import lineage
from ontarget.corpora.corpus import Corpus
from ontarget.errors import UserError
from ontarget.languages import Direction
from ontarget.model_place import locate
from ontarget.pipeline.execution.systems import system_of
from ontarget.pipeline.planning.artifacts import identity
from ontarget.pipeline.planning.inputs import directions, load_text, test_set
from ontarget.pipeline.planning.step import Step
from ontarget.prompts.segment import text_of
from ontarget.recipes.loading import load
from ontarget.recipes.schema.recipe import Recipe
from ontarget.reporting.systems import display_name
from ontarget.text import is_empty
from ontarget.translation.system import Request, System, prompt_of

if TYPE_CHECKING:
    from ontarget.pipeline.planning.plan import Plan

_SPECIAL = 8  # tokens of a prompt that have no text, such as its first one, and some spare ones


@dataclass(frozen=True, slots=True)
class _TooLong:
    """Prompts of a system that leave no room for output.

    Attributes:
        count: their number.
        total: the number of all prompts.
        context: the model's context, in words.
        where: directions with the numbers of such prompts.
    """

    count: int
    total: int
    context: str
    where: Mapping[Direction, int]

    @property
    def all(self) -> bool:
        return self.count == self.total

    @property
    def none_fits(self) -> str:
        return f"none of the {self.total} test prompts fits into {self.context}"


def check_lengths(plan: "Plan", steps: Sequence[Step]) -> list[str]:
    """Checks the lengths of samples and prompts of the steps to do.

    Returns:
        Remarks on systems for which some prompts are too long.
    Raises:
        UserError: `max_length` exceeds the positions that a model has learnt, or no prompt of a system fits
            into the context of its model.
    """
    todo = [step for step in steps if step.todo]
    for step in todo:
        if step.kind == "model" and (root := plan.recipe.root_of(step.name)) is not None:
            _check_stage(plan.recipe, step.name, root)
    said = [_of_system(plan, step.name) for step in todo if step.kind == "outputs"]
    return [sentence for sentence in said if sentence]


def _config(root: str) -> Any:
    """The configuration of a model; None if it is on the Hub and cannot be downloaded."""
    return _config_of(root, identity(root))


@lru_cache(maxsize=16)  # systems share models, and an unreachable Hub is slow
def _config_of(root: str, _: str) -> Any:
    from ontarget.checkpoints import load

    place = locate(root)
    base = lineage(place)[-1]  # the base model of an adapter
    return load.load_config(place) if isinstance(base, Path) or load.can_be_had(base) else None


def _check_stage(recipe: Recipe, stage: str, root: str) -> None:
    """Builds the model without weights to count its positions, if it may have a table with too few."""
    import torch
    from transformers import MODEL_FOR_CAUSAL_LM_MAPPING, AutoModelForCausalLM

    from ontarget.checkpoints.context import context_of
    from ontarget.training.requirements import require_positions

    config, tuning = _config(root), recipe.stages[stage].tuning
    if config is None or type(config) not in MODEL_FOR_CAUSAL_LM_MAPPING:
        return
    tokens = context_of(config).tokens
    if tokens is not None and tuning.max_length > tokens:
        with torch.device("meta"):
            model = AutoModelForCausalLM.from_config(config)
        require_positions(model, tuning, f"stages.{stage}.tuning")


def without_too_long(recipe: Recipe, say: Callable[[str], None] | None = None) -> Recipe:
    """The recipe without those systems whose demonstrations leave no room in the context of their model.

    Args:
        recipe: a recipe for any model, such as `diagnose`; not one whose systems the user has chosen, since
            `check_lengths` refuses those.
        say: receives a sentence on each system that is left out.
    """
    shots = [name for name, system in recipe.systems.items() if system.num_fewshot]
    if not shots or len(shots) == len(recipe.systems) or find_spec("torch") is None:
        return recipe
    of_text, corpus = load_text(recipe)
    long = {name: found for name in shots if (found := _too_long_of(of_text, corpus, name)) and found.all}
    for name, found in long.items():
        if say is not None:
            say(f"{display_name(name)} is left out: {found.none_fits}")
    kept = {name: system for name, system in recipe.settings()["systems"].items() if name not in long}
    return load(recipe, {"systems": kept}) if long else recipe


def _of_system(plan: "Plan", name: str) -> str | None:
    """A remark on prompts of a system that are too long, or None."""
    found = _too_long_of(plan.recipe, plan.corpus, name)
    if found is None:
        return None
    if found.all:
        raise UserError(
            f"systems.{name}: {found.none_fits}; choose another model, show fewer demonstrations, or "
            "leave it out of `systems`"
        )
    where = ", ".join(f"{d}: {n}" for d, n in found.where.items())
    return (
        f"{display_name(name)}: {found.count} of {found.total} test prompts do not fit into {found.context}; "
        f"their translations will be empty ({where})"
    )


def _too_long_of(recipe: Recipe, corpus: Corpus, name: str) -> _TooLong | None:
    """The prompts of a system that are too long; None if there are none, or nobody knows before the run."""
    from ontarget.checkpoints import load
    from ontarget.checkpoints.context import context_of

    root = recipe.root_of(recipe.model_of(name))
    if recipe.on_server(root):
        return None  # only the server knows
    config = None if root is None else _config(root)
    limit = None if config is None else context_of(config).limit
    if root is None or limit is None:
        return None
    tests = {d: [pair.source for pair in test_set(recipe, corpus, d)] for d in directions(recipe)}
    system = system_of(recipe, name, corpus)
    maybe = {d: _longer(system, d, sources, limit) for d, sources in tests.items()}
    if not any(maybe.values()):
        return None
    tokenizer = load.load_tokenizer(locate(root))
    long = {d: _too_long(system, tokenizer, d, sources, limit) for d, sources in maybe.items()}
    if not any(long.values()):
        return None
    return _TooLong(
        sum(long.values()),
        sum(map(len, tests.values())),
        f"the context of '{root}', {limit} tokens for prompt and output together",
        {d: n for d, n in long.items() if n},
    )


def _longer(system: System, direction: Direction, sources: Sequence[str], limit: int) -> list[str]:
    """The sources whose prompts may have `limit` tokens or more: a token has at least one byte."""
    around = len(text_of(prompt_of(system, Request("", direction))).encode()) + _SPECIAL
    return [source for source in sources if around + len(source.encode()) >= limit]


def _too_long(
    system: System, tokenizer: Any, direction: Direction, sources: Sequence[str], limit: int
) -> int:
    """The number of sources whose prompts leave no room for output."""
    from ontarget.prompts.encode import encode_prompt

    prompts = (prompt_of(system, Request(source, direction)) for source in sources if not is_empty(source))
    return sum(len(encode_prompt(tokenizer, prompt)) >= limit for prompt in prompts)
