"""Experiments: several trainings that answer one question."""
