"""Training samples from parallel text."""
