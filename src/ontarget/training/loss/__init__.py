"""The losses of both stages, functions of the log-odds of each label.

Begin with `objective.py`, the signed loss, then `log_odds.py`, which computes log-odds without logits of the
whole vocabulary in memory. `preference.py` has the objectives over a sample and its conflicting twin.
"""
