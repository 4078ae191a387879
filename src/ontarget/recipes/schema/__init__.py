"""The schema of a recipe, one file for each kind of block; every key has a description.

Begin with `recipe.py`.
"""
