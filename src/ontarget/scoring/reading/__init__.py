"""Reads the texts to score: hypotheses, sources and references, in files of any format.

Begin with `hypotheses.py`, the lines to score, then `texts.py`, which detects the format of a file.
"""
