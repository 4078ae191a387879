"""Evaluations during training: translation and scoring, which the pipeline passes to training."""

from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from ontarget.corpora.corpus import Corpus
from ontarget.pipeline.planning.inputs import evaluation_set, template_of
from ontarget.recipes.schema.recipe import Recipe
from ontarget.recipes.schema.stages import LanguageAware, SupervisedFineTuning
from ontarget.scoring.metrics.bleu import bleu
from ontarget.scoring.off_target import off_target_ratio
from ontarget.settings.decoding import Decoding
from ontarget.translation.system import Request, System

if TYPE_CHECKING:
    from ontarget.training.evaluation import Evaluation


def evaluation_of(recipe: Recipe, stage: str, corpus: Corpus, start: Path | str) -> "Evaluation | None":
    """The evaluation of a stage for training; None if the recipe has no `evaluation` for it.

    Args:
        start: the model that the stage starts from, whose tokenizer is that of the stage.
    """
    from ontarget.training.evaluation import Evaluation

    settings = recipe.stages[stage].evaluation
    if settings is None:
        return None
    return Evaluation(
        evaluator(recipe, stage, corpus, start),
        settings.every,
        settings.best,
        lower_is_better=settings.best is not None and settings.best.endswith("otr"),
        patience=settings.patience,
    )


def evaluator(
    recipe: Recipe, stage: str, corpus: Corpus, start: Path | str
) -> Callable[[Any, int], Mapping[str, float]]:
    """BLEU and OTR of a model on the first validation lines, averaged over the directions of each kind."""
    from ontarget.checkpoints.load import load_tokenizer
    from ontarget.translation.engines.transformers import TransformersEngine
    from ontarget.translation.translate import translate

    settings = recipe.stages[stage]
    assert settings.evaluation is not None
    lines = evaluation_set(recipe, corpus, stage)
    system = System(
        stage,
        template_of(recipe, stage),
        post_instruction=isinstance(settings, SupervisedFineTuning | LanguageAware)
        and settings.post_instruction,
        decoding=Decoding(settings.evaluation.num_beams, recipe.decoding.max_new_tokens),
    )
    tokenizer = load_tokenizer(start)

    def evaluate(model: Any, step: int) -> dict[str, float]:
        pairs = [
            pair for of_kind in lines.values() for of_direction in of_kind.values() for pair in of_direction
        ]
        requests = [Request(pair.source, pair.direction) for pair in pairs]
        answers = iter(translate(system, TransformersEngine(model, tokenizer), requests))
        scores = {}
        for kind, of_kind in lines.items():
            texts = {d: [next(answers).text for _ in of_direction] for d, of_direction in of_kind.items()}
            references = {d: [pair.target for pair in of_direction] for d, of_direction in of_kind.items()}
            scores[f"{kind}_bleu"] = fmean(bleu(texts[d], references[d], d.target).value for d in texts)
            # By other rules, another step might be kept.
            scores[f"{kind}_otr"] = fmean(
                off_target_ratio(texts[d], d.target, rules="paper").value for d in texts
            )
        return scores

    return evaluate
