"""Reads parallel text: files of any format, data sets by name, and a phrasebook that needs no download.

Begin with `corpus.py`, then `files.py`, which detects the format of a file. `catalogue/` lists public corpora
by name.
"""
