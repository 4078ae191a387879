"""From samples to batches of token ids with signed weights.

Begin with `encode.py` (a sample to ids), then `weights.py` (signed weights, normalised over the global batch)
and `batches.py` (optimiser steps cut into micro-batches).
"""
