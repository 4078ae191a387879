"""Win rates: an LLM behind an API compares the responses of two systems.

Begin with `win_rate.py`.
"""
