"""Tokens, one loss, and the stages that make a model from a model."""
