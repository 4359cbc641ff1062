"""Trains the exercise's two networks in NumPy alone, without compilation (docs/log.md for its speed)."""
