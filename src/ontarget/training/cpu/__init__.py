"""Fast training on a CPU.

Begin with `layers.py`, which replaces layers of a model by faster ones: attention (`attention.py`, and
`short_attention.py` for short rows), norms (`rms_norm.py`) and SwiGLU layers (`mlp.py`). During a step,
`bf16_weights.py` replaces the weights by copies in bf16.
"""
