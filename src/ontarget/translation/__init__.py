"""Translates with a model: a system turns requests into prompts, and an engine generates hypotheses.

Begin with `system.py` (a system: prompt, decoding and score adjustments), then `translate.py`, which works on
text alone: pivot translation, re-ranking and retries are the same for every engine. `engines/` generates the
text. `adjustment.py` and the modules that implement it change the scores of tokens during the search.
"""
