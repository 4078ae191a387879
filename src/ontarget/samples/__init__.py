"""Training samples from parallel text.

Begin with `sample.py` (prompt, response and sign), then `conflict.py`: the twin of a sample whose instruction
conflicts with its response.
"""
