"""Engines: what generates text from prompts, each behind the same protocol.

Begin with `protocol.py`, which declares what every engine offers and what only some can do, then
`transformers.py`, the engine that runs a Hugging Face model in this process, with `beam.py` over `tree.py`.
`running_batch.py` is continuous batching, and `shared.py` makes it an engine for many threads.
"""
