"""What makes training in bf16 fast on a CPU.

Begin with `bf16_weights.py`, the copies of the weights that a step computes with; `attention.py` computes the
backward pass of attention.
"""
