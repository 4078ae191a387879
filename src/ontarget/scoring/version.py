"""The version of the scoring rules, which the signature of every ratio of ours contains."""

SCORING_VERSION = 2
"""Raised whenever a change of the code can change a score. The first version, written as 0.1.0, had only the
paper's rules."""
