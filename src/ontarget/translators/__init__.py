"""What a user of Python translates with: texts, batches, documents and streams, each result with its verdict.

Begin with `checked.py`.
"""
