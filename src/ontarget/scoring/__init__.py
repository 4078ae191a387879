"""Scores translations of any origin. Each score has a signature, and none needs a model stack.

Begin with `off_target.py`, the off-target ratio, then `scorecard.py`, all scores of one system in one
direction. `language_id/` identifies languages, `metrics/` has BLEU, chrF and neural metrics, `judge/`
compares responses with an LLM, and `reading/` reads files of hypotheses and references in any format.

The names that the package exports are imported on first use.
"""

from typing import TYPE_CHECKING

from ontarget.lazy_names import lazy_names

if TYPE_CHECKING:
    from ontarget.scoring.by_sentence import BySentence
    from ontarget.scoring.language_id.identifiers import identifier_named
    from ontarget.scoring.lcb import benchmark_confusion
    from ontarget.scoring.leftover import LeftoverWords
    from ontarget.scoring.metrics.sacrebleu import Metric
    from ontarget.scoring.off_target import (
        OffTarget,
        breakdown,
        off_target_ratio,
        outcomes,
        strict_off_target_ratio,
    )
    from ontarget.scoring.score import Score
    from ontarget.scoring.significance import holm, mean_of_segments, mean_value, paired_test
    from ontarget.scoring.word_list import read_word_list

_MODULES = {
    "BySentence": "ontarget.scoring.by_sentence",
    "LeftoverWords": "ontarget.scoring.leftover",
    "Metric": "ontarget.scoring.metrics.sacrebleu",
    "OffTarget": "ontarget.scoring.off_target",
    "Score": "ontarget.scoring.score",
    "benchmark_confusion": "ontarget.scoring.lcb",
    "breakdown": "ontarget.scoring.off_target",
    "holm": "ontarget.scoring.significance",
    "identifier_named": "ontarget.scoring.language_id.identifiers",
    "mean_of_segments": "ontarget.scoring.significance",
    "mean_value": "ontarget.scoring.significance",
    "off_target_ratio": "ontarget.scoring.off_target",
    "outcomes": "ontarget.scoring.off_target",
    "paired_test": "ontarget.scoring.significance",
    "read_word_list": "ontarget.scoring.word_list",
    "strict_off_target_ratio": "ontarget.scoring.off_target",
}

__all__ = [
    "BySentence",
    "LeftoverWords",
    "Metric",
    "OffTarget",
    "Score",
    "benchmark_confusion",
    "breakdown",
    "holm",
    "identifier_named",
    "mean_of_segments",
    "mean_value",
    "off_target_ratio",
    "outcomes",
    "paired_test",
    "read_word_list",
    "strict_off_target_ratio",
]

__getattr__, __dir__ = lazy_names(__name__, _MODULES)
