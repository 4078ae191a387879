"""Which language a text is in.

Begin with `identifier.py`, identification by fastText models, then `rules.py`: how a line is prepared for the
identifier, and when its answer counts.
"""
