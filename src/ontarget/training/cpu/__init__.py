"""Fast training in bf16 on a CPU.

Begin with `bf16_weights.py`, which replaces the weights by bf16 copies during a step. `attention.py` computes
attention, that of short rows by `short_attention.py`.
"""
