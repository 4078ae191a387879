"""Any amount of text: resumable translation of files, folders and streams.

Begin with `translate.py`.
"""
