"""Parallel text in."""
