"""Metrics against references: BLEU, chrF, TER and neural metrics.

Begin with `sacrebleu.py`, the table of metrics and their signatures.
"""
