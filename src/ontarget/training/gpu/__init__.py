"""Fast training on a GPU.

Begin with `fused_layers.py`, which replaces norms, SwiGLU and rotary positions by kernels of one pass each.
What CPUs use as well is elsewhere: bf16 copies of weights in `cpu/bf16_weights.py`, packed rows in
`data/packing.py`.
"""
