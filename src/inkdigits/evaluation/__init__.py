"""Evaluation: scores on held-out digits, comparisons, and reports."""
