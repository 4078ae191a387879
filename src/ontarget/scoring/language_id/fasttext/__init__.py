"""Text classification with fastText models: file format and inference in NumPy.

Begin with `model.py`. The library classifies texts one by one and repeats most of its work; this package
classifies many texts at a time.
"""
