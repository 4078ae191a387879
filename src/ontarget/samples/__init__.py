"""Training samples from parallel text.

Begin with `sample.py` (prompt, response and sign), then `conflict.py`, which makes the conflicting pair of a
sample: the same response with another instruction.
"""
