"""Text classification with models of fastText: its file format and its arithmetic, in NumPy.

Not the library, which goes from text to text and so does most of its work again and again: see `model`.
"""
