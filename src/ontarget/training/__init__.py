"""Tunes a model: samples become tokens with signed weights, and one loss serves both stages of the paper.

Begin with `stage.py`, which runs a whole stage (load, tune, save), then `trainer.py`, the one subclass of
`transformers.Trainer`. `data/` turns samples into batches, `loss/` has the objectives, `distributed/` holds a
model in several processes, and `cpu/` has what makes training fast without a GPU.
"""
