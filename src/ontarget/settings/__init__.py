"""Settings that recipes, training and translation share: values, their defaults and their checks.

They are plain data: this package imports no other package of ontarget, and no model library.
Begin with `tuning.py`, the optimiser settings of a stage, or `decoding.py`, the settings of decoding.
"""
