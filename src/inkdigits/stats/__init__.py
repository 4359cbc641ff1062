"""Scores, confidence intervals, significance tests and calibration, in NumPy only."""
