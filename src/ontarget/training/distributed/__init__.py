"""Trains a stage in several processes, on one machine or on many.

Begin with `processes.py` (the share of each process in an optimizer step), then `parallel.py` (whether each
process holds the whole model or a shard).
"""
