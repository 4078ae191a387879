"""Executes the steps of a plan: stages, synthetic translations and systems.

Begin with `stages.py` (a stage of a recipe becomes a call of `training`) and `systems.py` (a system becomes
calls of `translation`).
"""
