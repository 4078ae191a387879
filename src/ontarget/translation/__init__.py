"""Systems, and the hypotheses that they generate.

Begin with `system.py` (a system: model, prompt and decoding), then `translate.py` and `engine.py`.
"""
