"""Scores of translations, whoever made them; each carries a signature, and none needs a model stack.

Begin with `off_target.py`, the off-target ratio, then `scorecard.py`, all scores of one system in one
direction. `language_id/` identifies languages, `metrics/` has BLEU, chrF and neural metrics, `judge/`
compares answers with an LLM, and `reading/` reads files of hypotheses and references in any format.
"""
