"""Scores, intervals and tests, in NumPy only."""
