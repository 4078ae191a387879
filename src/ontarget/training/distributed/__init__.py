"""Training a stage in several processes, on one machine or on many.

Begin with `processes.py` (the share of each process in an optimiser step), then `parallel.py` (how the
processes hold the model).
"""
