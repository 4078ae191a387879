"""Text classification with fastText models: file format and arithmetic, in NumPy.

Begin with `model.py`. The library classifies one text after another and repeats most of its work; this
package classifies many texts at a time.
"""
