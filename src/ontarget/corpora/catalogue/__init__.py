"""Public corpora by name: their descriptions, files, downloads, checks and text.

Begin with `entry.py`, the schema of an entry.
"""
