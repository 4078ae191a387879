"""From outputs to `scores.json`, `details.json` and the paired tests of sweeps.

Begin with `score.py`.
"""
