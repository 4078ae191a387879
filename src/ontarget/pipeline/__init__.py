"""Runs a recipe: plans the missing steps, executes them and scores the outputs.

Begin with `run.py`. `planning/` decides which steps are missing and checks all that they need, `execution/`
trains and translates, `evaluation/` scores.
"""
