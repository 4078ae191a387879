"""Loads models and tokenizers, after checks of their files.

Begin with `load.py`, the only place where models are loaded, then `files.py`, which finds damaged files
without torch. `adapter.py` and `merging.py` resolve PEFT adapters to plain models.
"""
