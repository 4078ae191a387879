"""Recipes: YAML files that describe models, data, stages and systems.

Begin with `builtin/phrasebook-tiny.yaml`, a recipe that explains itself, then `schema/recipe.py`, the keys of
a recipe, and `loading.py`, which finds recipes and applies overrides.
"""
