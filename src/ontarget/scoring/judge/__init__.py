"""Win rates: an LLM behind an API compares the answers of two systems.

Begin with `win_rate.py`.
"""
