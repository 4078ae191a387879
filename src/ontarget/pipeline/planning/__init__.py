"""From a recipe and a run directory to the missing steps, with their inputs checked and their cost estimated.

Begin with `plan.py`, then `artifacts.py`: the records and fingerprints that decide whether a step is done.
"""
