"""Public corpora by name: what each is, its files, how they are fetched and checked, and its text.

Begin with `entry.py`, what the catalogue knows of a corpus.
"""
