"""The version of the scoring rules, which stands in the signature of every ratio of ours."""

SCORING_VERSION = 2
"""Raised whenever a change of the code can change a score. Version 0.1.0 (as it was written) had the paper's
rules alone."""
