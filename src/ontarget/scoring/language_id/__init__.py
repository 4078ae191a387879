"""Identifies the language of a text.

Begin with `identifier.py`, identification by fastText models, then `rules.py`: how a line is prepared for the
identifier, and when its guess counts.
"""
