"""Systems and the hypotheses that they make."""
